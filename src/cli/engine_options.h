// The options that say which engines run and how: the same for every command that compares.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/spec.h"

namespace CLI {
class App;
}

namespace crossval {

/// What both engines get unless a side's own keys say otherwise.
struct EngineDefaults {
  std::string model;
  std::string kv = "f16";
  int threads = 1;
  int64_t context = 2048;
  int64_t batch = 512;
  double timeout_seconds = 120;  // longest silence of an engine that is another program
};

struct EngineOptions {
  EngineDefaults defaults;
  std::string candidate = "native", reference = "llama.cpp";
  std::string tokenizer;  // of the candidate
};

/// They write into `options`, which must outlive `app`.
void add_engine_options(CLI::App& app, EngineOptions& options);

/// One engine as it is written, checked: it and its keys exist, it has a model. Errors: usage.
Result<EngineSpec> engine_spec(const std::string& text, const EngineDefaults& defaults);

/// Both sides as they are to be made, checked: engine and keys exist, each side has a model.
struct EnginePairSpecs {
  EngineSpec candidate, reference;
  /// Settings (gate/settings.h) that one side's keys change on purpose.
  std::vector<std::string> asked_differences;
};

/// Errors (usage): an engine or a key that does not exist, a side without a model.
Result<EnginePairSpecs> engine_pair(const EngineOptions& options);

}  // namespace crossval
