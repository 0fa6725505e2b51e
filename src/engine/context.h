// How far an engine's context reaches, and what helps where that is not far enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "engine/info.h"

namespace crossval {

/// Whether every position that the model has learned fits: a larger context would hold no more.
bool holds_all_learned(const EngineSettings& settings);

/// What to do about a prompt that does not fit, as a sentence that may go on with
/// "or …".
std::string context_advice(const EngineSettings& settings);

/// Whether a prompt and the decode steps after it fit. Errors: usage, naming `engine`.
Result<void> check_fits(const EngineSettings& settings, int64_t prompt, int64_t steps,
                        const std::string& engine);

/// The warning "beyond-trained-context" where `positions` are more than the model was trained on
/// and nothing stretches its rotations (a RoPE scale, factors for long contexts); none otherwise,
/// or where the engine does not state both.
std::optional<EngineWarning> beyond_trained_context(const EngineSettings& settings,
                                                    int64_t positions);

}  // namespace crossval
