// One pass over a tensor: figures, and what the findings about values need.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "inspect/tensor/values.h"
#include "results/inspection.h"

namespace crossval {

/// The largest magnitude of each block of a tensor. A block is the format's own, since it has one
/// scale, and 32 values where the format has no blocks.
struct BlockMagnitudes {
  static constexpr int kLowest = -160;  // below every power of two that an f32 has
  /// Blocks by the exponent of their magnitude; those of zeros, or without a finite value, are not
  /// counted.
  std::array<int64_t, 300> by_exponent{};
  double largest = 0;
  int64_t largest_row = -1;

  /// largest as a multiple of the median block's power of two; 0 without blocks.
  double largest_in_medians() const;
};

struct TensorScan {
  std::string sha256;  // of the tensor's bytes
  ValueSummary values;
  int64_t zero_rows = 0;
  std::vector<int64_t> first_zero_rows;  // at most kNamedRows
  int64_t first_non_finite_row = -1;
  BlockMagnitudes blocks;

  static constexpr size_t kNamedRows = 4096;
};

TensorScan scan_tensor(const TensorValues& values, ThreadPool& pool);

}  // namespace crossval
