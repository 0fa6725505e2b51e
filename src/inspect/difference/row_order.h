// Do two tensors have the same rows in another order, and is it one that people know?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "inspect/tensor/values.h"
#include "results/inspection.h"

namespace crossval {

/// How messages call the two files: "first file" and "second file", "candidate" and "reference".
struct FileNames {
  std::string a = "first file";
  std::string b = "second file";
};

/// What a tensor's rows are grouped into; 0 where that is not known.
struct RowGroups {
  int64_t head = 0;     // rows of a head, where the tensor is one of the attention's
  int64_t rotated = 0;  // of them, by RoPE; 0 where RoPE does not turn what the tensor makes
  int64_t expert = 0;   // rows of an expert
};

/// A 64-bit hash of each row's decoded values; of each value where the tensor has one dimension.
std::vector<uint64_t> row_hashes(const TensorValues& values, ThreadPool& pool);

/// rope-order: rows of each head as pairs on one side, as halves on the other.
/// row-shift: rows are those a number of rows further on, all or nearly all of them.
/// row-order: the same rows in another order, by heads or experts where it is so.
/// Nothing when the rows are not the same ones. `a` and `b` have the same size.
std::optional<TensorChange> find_row_order(const std::vector<uint64_t>& a,
                                           const std::vector<uint64_t>& b, const RowGroups& groups,
                                           const FileNames& names);

/// Where a row of a head that lies in pairs (0 and 1, 2 and 3, …) is found in halves (0 and n/2,
/// …): row `i` of the halves is this row of the pairs.
int64_t pair_row_of_half_row(int64_t i, int64_t rotated);

}  // namespace crossval
