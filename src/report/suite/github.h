// The result of a suite as annotations, as GitHub Actions reads them from a job's output.
#pragma once

#include <string>

#include "results/suite.h"

namespace crossval {

inline constexpr int kMostAnnotations = 10;  // GitHub shows no more errors of a step

/// A line of the form ::error …:: for each of the first kMostAnnotations findings, and a ::warning
/// that says how many there are more. Empty where the suite passes.
std::string github_annotations(const SuiteResult& suite);

}  // namespace crossval
