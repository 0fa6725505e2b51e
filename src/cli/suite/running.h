// The shards of a suite at work on this machine: progress, signals, several at a time.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "suite/manifest.h"
#include "suite/prompts.h"
#include "suite/suite_file.h"

namespace crossval {

struct SuiteJob {
  Suite suite;
  std::vector<SuitePrompt> prompts{};
  Manifest manifest{};
  std::string folder{};
  std::vector<int32_t> shards{};  // to run, in this order
  int jobs = 1;                   // shards at a time
  bool resume = false;
};

/// Runs the shards; what is finished is kept whatever happens. Errors: those of run_shard, the
/// first of several; again (SIGTERM or SIGHUP asked to stop, as schedulers do: --resume goes on),
/// interrupted (Ctrl-C).
Result<void> run_shards(const SuiteJob& job, const Console& console);

}  // namespace crossval
