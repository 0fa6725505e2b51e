// From an engine's name to the engine: the only place that names concrete ones.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "engine/engine.h"
#include "engine/spec.h"

namespace crossval {

std::vector<std::string> engine_names();

/// How an ENGINE is written and which keys there are, for help texts.
std::string engine_help();

/// An engine as it is written on a command line, its name and keys still to be checked. Errors
/// (usage): something that is no engine of ours (cli/foreign_engine.h), not name:key=value.
Result<EngineSpec> read_engine_spec(const std::string& text);

/// Errors (usage): no such engine, a key that it does not have; each lists what there is.
Result<void> check_engine_spec(const EngineSpec& spec);

/// The model file of an engine: its own, or that of all.
std::string model_path(const EngineSpec& spec, const EngineDefaults& defaults);

/// The tokenizer file of an engine; empty: the model file's own vocabulary.
std::string tokenizer_path(const EngineSpec& spec);

/// Makes the engine that a checked spec describes; `defaults` fill what it leaves open. A reference
/// that has to be built is built, its progress shown on the console's err.
Result<std::unique_ptr<Engine>> make_engine(const EngineSpec& spec, const EngineDefaults& defaults,
                                            const Console& console, std::stop_token stop);

}  // namespace crossval
