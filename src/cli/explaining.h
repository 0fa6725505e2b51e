// What `explain` and `per-token --explain` ask of the explanation, and with what.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/launching.h"
#include "cli/progress.h"
#include "explain/explain.h"
#include "launch/choice.h"

namespace crossval {

/// Errors (usage): no model is given that could be the truth for both engines.
Result<void> check_truth(const PairChoice& choice);

/// Of what more than the report is asked for.
struct ExplainChoice {
  Range layers{};
  std::string trace_folder, repro_folder;  // as ExplainPlan has them
};

/// Explains the last of `ids`. `progress` is told of its phases. Errors: those of explain().
Result<Explanation> explain_pair(const PairChoice& choice, const OpenedPair& pair,
                                 std::vector<TokenId> ids, const ExplainChoice& more,
                                 Progress& progress);

}  // namespace crossval
