// Two rows of which one at least tells only its most likely tokens.
#pragma once

#include "protocol/row.h"
#include "results/top_metrics.h"

namespace crossval {

/// Neither is a hash; all logits are turned into log-probabilities, a list is taken as it is. Both
/// are healthy (gate/health.h). All in double.
TopMetrics compare_top_rows(const Row& candidate, const Row& reference);

/// The most likely token; -1 of an empty row.
int32_t most_likely(const Row& row);

/// The `count` most likely tokens of finite logits, with the probability of all others.
TopRow top_row_of(std::span<const float> logits, size_t count);

}  // namespace crossval
