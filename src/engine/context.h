// How far an engine's context reaches, and what helps where that is not far enough.
#pragma once

#include <string>

#include "engine/info.h"

namespace crossval {

/// Whether every position that the model has learned fits: a larger context would hold no more.
bool holds_all_learned(const EngineSettings& settings);

/// What to do about a prompt that does not fit, as a sentence that may go on with
/// "or …".
std::string context_advice(const EngineSettings& settings);

}  // namespace crossval
