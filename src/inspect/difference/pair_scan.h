// One pass over two tensors of equal shape: how far they are apart, and which simple rule leads
// from one to the other.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "inspect/tensor/values.h"
#include "results/inspection.h"

namespace crossval {

struct PairScan {
  TensorDistance distance;
  int64_t values = 0;
  int64_t negated = 0;       // values with b = −a, of those that differ
  int64_t a_not_finite = 0;  // of those that differ
  int64_t b_not_finite = 0;

  // By blocks: the format's own, or 32 values where it has none or the formats differ.
  int64_t block = 0;  // values of one
  int64_t blocks = 0;
  int64_t differing_blocks = 0;
  int64_t differing_rows = 0;
  struct Place {
    int64_t row = 0;
    int64_t column = 0;
  };
  std::vector<Place> first_blocks;  // at most kNamedBlocks
  static constexpr size_t kNamedBlocks = 3;

  // b ≈ factor · a, by least squares; the rest as a share of |b|. NaN where nothing is finite.
  double factor = 0;
  double factor_rest = 0;
  // b ≈ a + shift; the rest's root mean square as a share of |shift|.
  double shift = 0;
  double shift_rest = 0;
  // What share of |b − a|² one vector explains that is added to every row; 0 when it was not looked
  // for (few rows, very wide ones).
  double common_vector = 0;
};

/// a and b have the same shape.
PairScan scan_pair(const TensorValues& a, const TensorValues& b, ThreadPool& pool);

}  // namespace crossval
