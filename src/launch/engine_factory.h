// From an engine's name to the engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/spec.h"
#include "launch/engine_defaults.h"
#include "launch/launch.h"

namespace crossval {

std::vector<std::string> engine_names();

/// How an ENGINE is written and which keys there are, for help texts.
std::string engine_help();

/// An engine as it is written on a command line, its name and keys still to be checked. Errors
/// (usage): something that is no engine of ours (launch/foreign_engine.h), not name:key=value.
Result<EngineSpec> read_engine_spec(const std::string& text);

/// Errors (usage): no such engine, a key that it does not have, a word that its key does not take;
/// each lists what there is.
Result<void> check_engine_spec(const EngineSpec& spec);

/// Makes the engine that a checked spec describes; `defaults` fill what it leaves open. A reference
/// that has to be built is built, which takes minutes.
Result<std::unique_ptr<Engine>> make_engine(const EngineSpec& spec, const EngineDefaults& defaults,
                                            const Launch& launch);

}  // namespace crossval
