// The result of a suite as GitLab's code quality report.
#pragma once

#include <string>

#include "results/suite.h"

namespace crossval {

/// A JSON array of findings, empty where the suite passes. Their fingerprints hold no figure: a
/// later run that finds the same is seen as the same.
std::string gitlab_report(const SuiteResult& suite);

}  // namespace crossval
