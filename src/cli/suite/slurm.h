// A suite as a Slurm array: one task a shard, and a merge behind them.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"

namespace crossval {

struct SlurmJob {
  std::string name;                  // of the suite
  std::string program;               // this one, as an absolute path
  std::string suite;                 // file, as an absolute path
  std::string folder;                // of the results, likewise; all nodes see it
  std::vector<int32_t> shards;       // to run
  int32_t of = 1;                    // that there are
  bool explain = false;              // the farthest runs that fail, when all is merged
  int threads = 0;                   // cores of a task; 0: the cluster's default
  std::vector<std::string> options;  // more for sbatch: "--partition=short"
};

/// The batch script of the array: runs its task's shard with --resume; asked to end in time
/// (SIGTERM a minute before the limit), it is put back into the queue and goes on where it was.
std::string slurm_script(const SlurmJob& job);

/// The script of the merge.
std::string slurm_merge_script(const SlurmJob& job);

struct SlurmIds {
  std::string array, merge;
};

/// Submits both scripts, which have been written; the merge begins when all tasks have ended,
/// however they did. Errors: engine_failed (no sbatch here, it refuses), with its words.
Result<SlurmIds> submit_to_slurm(const std::string& array_script, const std::string& merge_script,
                                 const std::stop_token& stop);

}  // namespace crossval
