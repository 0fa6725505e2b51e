// What `doctor` finds out by running engines.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "launch/engine_defaults.h"
#include "results/diagnosis.h"

namespace crossval {

using MakeEngine = std::function<Result<std::unique_ptr<Engine>>(const EngineDefaults&)>;

/// What is known of a reference before it starts.
struct ReferenceProgram {
  std::string path{};       // of its worker; empty when there is none
  bool is_default = false;  // the pinned release, built as canonical
  std::string repair{};     // what leads to a sound default reference
};

/// "reference": does it start and load a model, and who is it? "canonical", when it does: do its
/// logits equal the native engine's in every bit, on a small made-up model, under several plans
/// (batch size, type of keys and values)? The default reference that differs is a problem
/// (engine_failed), another that differs a warning. Errors: interrupted, cannot_write (the model).
Result<std::vector<Check>> check_reference(const MakeEngine& native, const MakeEngine& reference,
                                           const ReferenceProgram& program,
                                           const std::stop_token& stop);

/// "bitnet.cpp": does what BITNET_CPP_DIR names load a small made-up model in I2_S, who is it, and
/// do its logits equal the native engine's in every bit? One that does not load is a problem
/// (engine_failed), one that differs a warning. `place`: "BITNET_CPP_DIR=~/BitNet". Errors:
/// interrupted, cannot_write (the model).
Result<Check> check_bitnet(const MakeEngine& native, const MakeEngine& bitnet,
                           const std::string& place, const std::stop_token& stop);

/// Does an engine load the user's model? `name` is of the check. Errors: interrupted.
Result<Check> check_model(std::string name, const MakeEngine& engine, const EngineDefaults& model);

}  // namespace crossval
