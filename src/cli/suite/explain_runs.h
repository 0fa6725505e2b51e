// The last step of a suite: what is wrong in the runs that are farthest from their reference.
#pragma once

#include "base/error.h"
#include "cli/console.h"
#include "cli/suite/running.h"
#include "results/suite.h"

namespace crossval {

/// Explains the suite's farthest runs that fail, as many as it asks for, and keeps what was found
/// beside the result, which has been merged. What cannot be explained is kept with its reason.
/// Errors: those of the store; interrupted (what was explained is kept).
Result<void> explain_runs(const SuiteJob& job, const SuiteResult& result, const Console& console);

}  // namespace crossval
