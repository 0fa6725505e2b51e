// How values are spread.
#pragma once

#include <vector>

#include "results/floor.h"

namespace crossval {

/// Median, 99th percentile (both by nearest rank: a value that is there) and largest. Of no values:
/// zeros. A NaN makes all of them NaN.
Spread spread_of(std::vector<double> values);

}  // namespace crossval
