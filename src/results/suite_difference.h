// Two results of a suite beside each other, the older one and the newer one. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/suite.h"

namespace crossval {

enum class RunChange {
  fails,   // it passed, or was not there, and fails now
  worse,   // some figure is larger and none smaller; verdict on the same side
  mixed,   // some larger, some smaller
  better,  // some smaller and none larger
  passes,  // it failed and passes now
  gone,    // it is not in the newer result
  added,   // it is not in the older one, and passes
};

/// A run whose verdict or figures are not what they were.
struct ChangedRun {
  std::string prompt;
  RunChange change = RunChange::mixed;
  std::optional<SuitePromptResult> before, after;
};

/// Runs of the pairs that have one name.
struct PairDifference {
  std::string name{};
  bool before = false, after = false;  // whether the results have the pair
  int32_t same = 0;                    // runs whose verdict and figures are what they were
  std::vector<ChangedRun> runs{};      // the others: in the order of RunChange, then the
                                       // larger distance first
  SuiteStatistics statistics_before{}, statistics_after{};
  std::vector<JudgedLimit> broken_limits{};   // of the newer, that the older one did not break
  std::vector<std::string> engine_changes{};  // "candidate commit: a → b"
};

struct SuiteDifference {
  std::string before{}, after{};  // folders
  bool complete = true;           // both are
  std::vector<PairDifference> pairs{};
};

/// diverged where a run fails that did not or a limit is broken that was not; again where a result
/// is not complete.
inline ExitCode exit_code(const SuiteDifference& difference) {
  for (const PairDifference& pair : difference.pairs) {
    if (!pair.broken_limits.empty()) return ExitCode::diverged;
    for (const ChangedRun& run : pair.runs) {
      if (run.change == RunChange::fails) return ExitCode::diverged;
    }
  }
  return difference.complete ? ExitCode::ok : ExitCode::again;
}

}  // namespace crossval
