// A baseline: how far the runs of a suite were accepted to be. It shrinks by itself and grows only
// with a reason.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "results/suite_baseline.h"

namespace crossval {

/// Errors (bad_input_file): no JSON, not a baseline, of another version, a value of the wrong kind.
Result<SuiteBaseline> parse_baseline(std::string_view text, const std::string& path);

/// As parse_baseline reads it: a line a run, in order, so that a diff of two of them can be read.
std::string baseline_text(const SuiteBaseline& baseline);

/// Judges each run with figures (DIVERGED or better) by what was accepted of it: its distance,
/// largest KL and number of other most likely tokens, each at most `slack` times (1 or more) the
/// limit. A run that fails passes only where a run that failed was accepted.
void judge_by_baseline(SuiteResult& suite, const SuiteBaseline& baseline, double slack);

/// The baseline after the runs of a complete `suite` were accepted: their figures become the
/// limits. `acceptance` has everything but the engines. Limits of runs that the suite no longer has
/// are removed.
BaselineUpdate accept_suite(const SuiteResult& suite, const SuiteBaseline& baseline,
                            const Acceptance& acceptance);

}  // namespace crossval
