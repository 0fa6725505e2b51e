// What `explain` and `per-token --explain` ask of the explanation, and with what.
#pragma once

#include <vector>

#include "base/error.h"
#include "cli/launching.h"
#include "cli/progress.h"
#include "explain/explain.h"
#include "launch/choice.h"

namespace crossval {

/// Errors (usage): no model is given that could be the truth for both engines.
Result<void> check_truth(const PairChoice& choice);

/// Explains the last of `ids`. `progress` is told of its phases. Errors: those of explain().
Result<Explanation> explain_pair(const PairChoice& choice, const OpenedPair& pair,
                                 std::vector<TokenId> ids, Progress& progress);

}  // namespace crossval
