// From the distances of healthy pairs to a floor.
#pragma once

#include <string>
#include <vector>

#include "results/floor.h"
#include "results/row_metrics.h"

namespace crossval {

/// The least margin of a floor: what healthy pairs of the same kind of noise differ by.
inline constexpr double kLeastMargin = 0.03;

/// An engine under a setting beside itself as it is, position by position of the bundled text. All
/// rows are finite.
struct MeasuredSetting {
  std::string name, engine;
  std::vector<RowMetrics> metrics;
};

/// Fills settings, pair, positions and margin of `floor`. All have the same number of positions.
///
/// The pair is the setting whose distances are largest at the same positions. The margin is one and
/// a half times the standard deviation of the log ratios (the pair's own is 0) of the settings
/// whose noise is of its size, within a factor of two; at least kLeastMargin.
void complete_floor(Floor& floor, const std::vector<MeasuredSetting>& measured);

}  // namespace crossval
