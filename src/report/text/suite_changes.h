// What accepting a suite changes, and what has changed between two results of one.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/suite_baseline.h"
#include "results/suite_difference.h"

namespace crossval {

std::string baseline_update_text(const BaselineUpdate& update, const TextOptions& options);

std::string suite_difference_text(const SuiteDifference& difference, const TextOptions& options);

}  // namespace crossval
