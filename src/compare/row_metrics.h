// How far one logits row is from another: everything that is said about a position.
//
// All in double from the f32 values. Sums run over four fixed lanes, so a host's instruction set
// does not change a digit.
#pragma once

#include <span>

#include "results/row_metrics.h"

namespace crossval {

/// Compares two rows of the same length, at least 1. A value that is not finite makes every
/// distance NaN, which passes no tolerance.
RowMetrics compare_rows(std::span<const float> candidate, std::span<const float> reference);

}  // namespace crossval
