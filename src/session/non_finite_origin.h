// Where NaN or infinity came into each engine's computation: the first tensor that is not finite,
// what went into it, and the weight that brought it where a model file holds one.
#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "base/error.h"
#include "gguf/opened_files.h"
#include "results/non_finite.h"
#include "session/engine_pair.h"

namespace crossval {

/// Traces `ids` from position 0 on with every engine that can show its tensors, both at the same
/// time, and looks at the last position alone: no position after it can have reached it. An entry
/// per engine that was traced, the candidate's first. Model files are looked for in `files`.
/// Errors: an engine's, with its side; engine_failed (a malformed tensor); interrupted.
Result<std::vector<NonFiniteOrigin>> find_non_finite_origins(const EnginePair& engines,
                                                             std::span<const TokenId> ids,
                                                             const OpenedFiles& files,
                                                             const std::stop_token& stop);

}  // namespace crossval
