// What a folder of results holds, beside what was accepted of it.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "results/suite.h"
#include "results/suite_baseline.h"
#include "suite/manifest.h"

namespace crossval {

/// --baseline and --slack; without them the suite's own.
struct BaselineOptions {
  std::string path;
  double slack = 0;  // 0: not given
};

/// The path of the baseline; empty: none.
std::string baseline_path(const BaselineOptions& options, const Manifest& manifest);

/// A baseline that was asked for by name is there. Errors: usage.
Result<void> check_baseline(const BaselineOptions& options);

/// Empty where there is no such file. Errors: those of read_file and parse_baseline.
Result<std::optional<SuiteBaseline>> read_baseline(const std::string& path);

/// What the shards of a folder say, or one of them alone, judged by the baseline where there is
/// one. Errors: those of collect_results, check_baseline and read_baseline.
Result<SuiteResult> judged_results(const Manifest& manifest, const std::string& folder,
                                   std::optional<int32_t> shard, const BaselineOptions& options);

}  // namespace crossval
