// What `doctor` finds out by running engines.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/engine_options.h"
#include "engine/engine.h"
#include "results/diagnosis.h"

namespace crossval {

using MakeEngine = std::function<Result<std::unique_ptr<Engine>>(const EngineDefaults&)>;

/// "reference": does it start and load a model, and who is it? `program` is the path it has, if
/// any. "canonical", when it does: do its logits equal the native engine's in every bit, on a small
/// made-up model, under several plans (batch size, type of keys and values)? A reference that calls
/// itself canonical and differs is a problem (engine_failed), another that differs a warning.
/// Errors: interrupted, cannot_write (the model).
Result<std::vector<Check>> check_reference(const MakeEngine& native, const MakeEngine& reference,
                                           const std::string& program, const std::stop_token& stop);

/// Does an engine load the user's model? `name` is of the check. Errors: interrupted.
Result<Check> check_model(std::string name, const MakeEngine& engine, const EngineDefaults& model);

}  // namespace crossval
