// What accepting a suite changes, and what has changed between two results (docs/json.md).
#pragma once

#include <string>

#include "results/suite_baseline.h"
#include "results/suite_difference.h"

namespace crossval {

/// `path` is the baseline's; `written` whether it now has these limits.
std::string baseline_update_json(const BaselineUpdate& update, const std::string& path,
                                 bool written);

std::string suite_difference_json(const SuiteDifference& difference);

}  // namespace crossval
