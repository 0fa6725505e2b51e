// Which engines are to run and how: as the user said it, and checked.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "engine/spec.h"
#include "launch/engine_defaults.h"

namespace crossval {

/// One engine.
struct EngineChoice {
  EngineDefaults defaults;
  std::string engine = "native";  // as parse_engine_spec reads it
  std::string tokenizer;          // file; empty: the engine's keys or the model say
};

/// The engine as it is to be made: it and its keys exist, it has a model. Errors: usage.
Result<EngineSpec> single_engine(const EngineChoice& choice);

/// Settings (gate/settings.h) that the engine's kind or keys change on purpose.
std::vector<std::string> asked_differences(const EngineSpec& spec);

/// The two of a comparison.
struct PairChoice {
  EngineDefaults defaults;
  std::string candidate = "native", reference = "llama.cpp";
  std::string tokenizer;  // of the candidate
};

/// Both sides as they are to be made, checked: engine and keys exist, each side has a model.
struct EnginePairSpecs {
  EngineSpec candidate, reference;
  /// Settings (gate/settings.h) that one side's keys change on purpose.
  std::vector<std::string> asked_differences;
};

/// Errors (usage): an engine or a key that does not exist, a side without a model.
Result<EnginePairSpecs> engine_pair(const PairChoice& choice);

}  // namespace crossval
