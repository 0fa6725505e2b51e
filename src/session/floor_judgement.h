// A run beside a noise floor.
#pragma once

#include <span>

#include "results/comparison.h"

namespace crossval {

/// Fills `comparison.floor` (whose floor and path are there) and each position's part of it from
/// the positions' metrics and the floor pair's at the same positions, none where it was not
/// evaluated. With --require floor it decides which positions pass.
void judge_by_floor(Comparison& comparison, std::span<const RowMetrics> pair);

}  // namespace crossval
