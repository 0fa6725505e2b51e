// The program that an `exec:` engine is.
#pragma once

#include "base/error.h"
#include "engine/spec.h"
#include "launch/engine_defaults.h"
#include "launch/launch.h"
#include "process/engine.h"

namespace crossval {

/// Of a checked spec of the kind exec. Errors: usage (a number that is none, a context larger than
/// what the model has learned); engine_failed (no such program in PATH).
Result<ProcessOptions> exec_program(const EngineSpec& spec, const EngineDefaults& defaults,
                                    const Launch& launch);

}  // namespace crossval
