// The parts of a suite that several documents have (docs/json.md).
#pragma once

#include <string_view>
#include <vector>

#include "report/json/values.h"
#include "results/suite.h"

namespace crossval {

Json json_suite_statistics(const SuiteStatistics& s);

Json json_limit(const SuiteLimit& limit);

Json json_limits(const std::vector<JudgedLimit>& limits);

Json json_two_by_two(const TwoByTwo& square);

/// A run with its prompt's id.
Json json_run(std::string_view id, const SuitePromptResult& p);

}  // namespace crossval
