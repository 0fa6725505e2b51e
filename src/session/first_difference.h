// --first-diff: the first intermediate tensor, in the candidate's graph order, whose bits differ.
//
// Two passes over both engines. The first hashes every tensor and so finds which one it is; the
// second looks at the values of that one alone, row by row in lockstep. Neither holds a tensor.
#pragma once

#include <span>
#include <stop_token>

#include "base/error.h"
#include "results/first_difference.h"
#include "session/engine_pair.h"

namespace crossval {

/// Traces `ids` from position 0 on with both engines at the same time, with the KV cache at the end
/// where both show it. Tensors that only one side
/// has are listed, not compared. Errors: an engine's, with its side; engine_failed (a malformed
/// tensor, an engine that gives other bits when asked again); interrupted.
Result<TraceComparison> compare_traces(const EnginePair& engines, std::span<const TokenId> ids,
                                       const std::stop_token& stop);

}  // namespace crossval
