// How engines run where their own keys do not say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace crossval {

/// What an engine gets unless its own keys say otherwise.
struct EngineDefaults {
  std::string model;
  std::string kv{};  // of keys and values; empty: f16, unless the other side's engine
                     // keeps floats (EngineKind)
  std::string i2s_layout = "auto";  // of native
  int threads = 1;
  std::optional<int64_t> context{};  // what the models allow (launch/context_size.h)
  std::optional<int64_t> batch{};    // native: 512; llama.cpp: its profile's
  double timeout_seconds = 120;      // longest silence of an engine that is another program
  bool tokens_only = false;          // the vocabulary alone: nothing is evaluated
  bool by_chunks = false;            // a replay: may have rows of several prompts (PromptChunks)
  int32_t written_tokens = 0;        // that a chat server is asked for; 0: it is refused
};

}  // namespace crossval
