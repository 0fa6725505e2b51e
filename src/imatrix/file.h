// What llama-imatrix writes: of each weight the sums of squares of what was multiplied with it.
//
// GGUF: metadata imatrix.datasets, imatrix.chunk_count and imatrix.chunk_size; per weight NAME the
// tensors NAME.in_sum2, F32 of inputs × matrices (experts), and NAME.counts, F32, how many vectors
// each matrix has seen. Older, .dat: i32 entries; of each i32 length of a name, the name, i32
// chunks, i32 values, f32 mean squares × chunks; at the end, or not, i32 the last chunk, i32 length
// of a name, that of the text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "results/imatrix_comparison.h"

namespace crossval {

struct ImatrixEntry {
  std::vector<float> sums;    // matrices × inputs
  std::vector<float> counts;  // of each matrix, at least one; .dat: one, chunks

  size_t inputs() const { return sums.size() / counts.size(); }
};

struct Imatrix {
  ImatrixFacts facts;
  std::map<std::string, ImatrixEntry> entries;  // by the weight's name; at least one
};

/// Nothing where it is no such file. Errors (bad_input_file, with the place): missing, cut off,
/// sums without counts, sizes that do not go together.
Result<std::optional<Imatrix>> open_imatrix(const std::string& path);

}  // namespace crossval
