// The result of a suite as SARIF 2.1.0, for code scanning.
#pragma once

#include <string>

#include "results/suite.h"

namespace crossval {

inline constexpr int kMostSarifResults = 5000;

/// One run with a stable rule for each kind of finding, at most kMostSarifResults results (what
/// GitHub takes), the worst, and a notification that says so. A suite that is not complete, or had
/// errors, was not executed successfully.
std::string sarif_report(const SuiteResult& suite);

}  // namespace crossval
