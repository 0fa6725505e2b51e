// Whether a pair's figures keep the limits that the suite sets them.
#pragma once

#include <span>
#include <vector>

#include "results/suite.h"
#include "results/suite_limits.h"

namespace crossval {

/// By the estimates themselves, whatever their errors. A figure that the pair does not have keeps
/// nothing. `whole`: the statistics are of all prompts; otherwise nothing is judged.
std::vector<JudgedLimit> judge_limits(std::span<const PairLimit> limits,
                                      const SuiteStatistics& statistics, bool whole);

}  // namespace crossval
