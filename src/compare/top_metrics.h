// Two rows of which one at least tells only its most likely tokens.
#pragma once

#include <cstddef>
#include <span>

#include "protocol/row.h"
#include "results/top_metrics.h"

namespace crossval {

/// What a side tells of a position: every logit, or a list.
struct ToldRow {
  std::span<const float> logits{};
  const TopRow* top = nullptr;
};

/// Logits are turned into log-probabilities, a list is taken as it is. Both are healthy
/// (gate/health.h). All in double.
TopMetrics compare_top_rows(const ToldRow& candidate, const ToldRow& reference);

/// ln p of a token; NaN where the row does not tell it.
double log_probability_of(const ToldRow& row, int32_t id);

/// The `count` most likely tokens of finite logits, with the probability of all others.
TopRow top_row_of(std::span<const float> logits, size_t count);

}  // namespace crossval
