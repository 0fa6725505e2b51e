// The files that an engine reads.
#pragma once

#include <string>

#include "engine/spec.h"
#include "launch/engine_defaults.h"

namespace crossval {

/// The model file of an engine: its own, or that of all.
std::string model_path(const EngineSpec& spec, const EngineDefaults& defaults);

/// The tokenizer file of an engine; empty: the model file's own vocabulary.
std::string tokenizer_path(const EngineSpec& spec);

}  // namespace crossval
