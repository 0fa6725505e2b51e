// The token gate: are both engines' ids the same, and if not, where and why.
#pragma once

#include <optional>

#include "gate/token_side.h"
#include "results/token_mismatch.h"

namespace crossval {

/// Nothing when the ids are the same. Pieces must be as many as ids on both sides.
std::optional<TokenMismatch> find_token_mismatch(const TokenGateInput& input);

}  // namespace crossval
