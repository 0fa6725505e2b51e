// The result of a suite as JUnit XML, for CI servers.
#pragma once

#include <string>

#include "results/suite.h"

namespace crossval {

/// One test suite a pair, one test case a prompt, and a failing one for each shard that is missing
/// and each prompt that was not run: what was not run is never green. Valid XML 1.0 whatever the
/// names are.
std::string junit_report(const SuiteResult& suite);

}  // namespace crossval
