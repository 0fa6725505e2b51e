// What `inspect --against` finds between a model file and the checkpoint that it is said to come
// from. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "results/inspection.h"

namespace crossval {

/// Tensors of one kind of which the same is true.
struct TensorGroup {
  std::string kind;    // "blk.*.attn_q.weight"
  std::string detail;  // one phrase
  int64_t tensors = 0;
};

struct CheckpointComparison {
  std::string file, checkpoint;  // paths
  std::string architecture;      // general.architecture of the checkpoint's GGUF
  int64_t equal = 0;             // tensors with the checkpoint's values, changed as they must be
  std::vector<TensorGroup> changed;   // of these, what a GGUF has otherwise than a checkpoint
  std::vector<TensorGroup> rounded;   // in another format, no further away than its rounding
  std::vector<FileFinding> findings;  // what is not as in the checkpoint
  std::vector<std::string> notes;     // what was not looked at, a sentence each
};

inline ExitCode exit_code(const CheckpointComparison& comparison) {
  return comparison.findings.empty() ? ExitCode::ok : ExitCode::diverged;
}

}  // namespace crossval
