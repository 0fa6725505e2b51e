// The options that say which engines run and how: the same for every command that takes one or two.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/spec.h"

namespace crossval {

class AppOptions;

/// What an engine gets unless its own keys say otherwise.
struct EngineDefaults {
  std::string model;
  std::string kv = "f16";           // of keys and values
  std::string i2s_layout = "auto";  // of native
  int threads = 1;
  std::optional<int64_t> context{};  // what the models allow (cli/context_size.h)
  std::optional<int64_t> batch{};    // native: 512; llama.cpp: its profile's
  double timeout_seconds = 120;      // longest silence of an engine that is another program
  bool tokens_only = false;          // the vocabulary alone: nothing is evaluated
};

struct EngineOptions {
  EngineDefaults defaults;
  std::string candidate = "native", reference = "llama.cpp";
  std::string tokenizer;  // of the candidate
};

/// Both engines and how they run. The options write into `options`, which must outlive `app`.
void add_engine_options(AppOptions& app, EngineOptions& options);

/// --candidate and --reference alone, likewise.
void add_side_options(AppOptions& app, EngineOptions& options);

struct SingleEngineOptions {
  EngineDefaults defaults;
  std::string engine = "native";
  std::string tokenizer;
};

/// Which engine, likewise; how it runs is added by add_running_options.
void add_single_engine_options(AppOptions& app, SingleEngineOptions& options);

/// Threads, context and what else an evaluation runs with, likewise.
void add_running_options(AppOptions& app, EngineDefaults& defaults);

/// The engine as it is to be made, checked: it and its keys exist, it has a model. Errors: usage.
Result<EngineSpec> single_engine(const SingleEngineOptions& options);

/// Both sides as they are to be made, checked: engine and keys exist, each side has a model.
struct EnginePairSpecs {
  EngineSpec candidate, reference;
  /// Settings (gate/settings.h) that one side's keys change on purpose.
  std::vector<std::string> asked_differences;
};

/// Errors (usage): an engine or a key that does not exist, a side without a model.
Result<EnginePairSpecs> engine_pair(const EngineOptions& options);

}  // namespace crossval
