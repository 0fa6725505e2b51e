// An engine that is another program: llama.cpp's worker, or anything that speaks docs/protocol.md.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace crossval {

struct ProcessOptions {
  std::string name{};                             // in messages, until it says its own: "llama.cpp"
  std::vector<std::string> arguments{};           // the program's path and what it gets
  std::vector<std::string> variables{};           // of its environment, beside ours: "NAME=value"
  std::string folder{};                           // that it works in; empty: ours
  std::map<std::string, std::string> settings{};  // sent in hello: "model" -> "m.gguf"
  std::vector<std::string> environment{};  // what chose it: "LLAMA_CPP_DIR=/x"; shown as its own
  /// Longest wait for the start, and for each frame after it (one step, one row, one tensor).
  std::chrono::milliseconds timeout{120000};
  std::stop_token stop{};  // ends whatever is waited for
};

/// Starts the program and waits until it is ready. The engine's process ends with the object,
/// killed if need be; nothing is left behind.
///
/// Errors, here and from the engine's functions: engine_failed naming the engine, what it was doing
/// and how it ended (crash, exit, silence, bytes that are no frames, a row of the wrong width or
/// position) with the last lines it logged; what the engine itself reports (usage, bad_input_file,
/// engine_failed); interrupted. After engine_failed for broken speech every call fails the same
/// way.
Result<std::unique_ptr<Engine>> make_process_engine(const ProcessOptions& options);

struct LlamaOptions {
  std::string worker_path{};  // crossval-llama-worker
  /// As in `llama.cpp:key=value`: model, profile, n_ctx, n_batch, threads, kv, ngl, device,
  /// tokens_only (docs/protocol.md, "The llama.cpp worker").
  std::map<std::string, std::string> settings{};
  std::vector<std::string> environment{};
  std::chrono::milliseconds timeout{120000};
  std::stop_token stop{};
};

/// llama.cpp through its worker. Errors: as make_process_engine.
Result<std::unique_ptr<Engine>> make_llama_engine(LlamaOptions options);

}  // namespace crossval
