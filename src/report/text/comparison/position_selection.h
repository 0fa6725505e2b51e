// Which positions a report shows when it does not show them all.
#pragma once

#include <vector>

#include "results/comparison.h"

namespace crossval {

/// Indices into comparison.positions, ascending: all when they are few; else the first and the last
/// of the prompt and of the decode steps, the worst, the unhealthy ones met first, and the
/// neighbourhood of the first divergence (or, when all pass, of the first row that is not
/// bit-identical). A single hidden position between two shown ones is shown.
std::vector<size_t> select_positions(const Comparison& comparison);

}  // namespace crossval
