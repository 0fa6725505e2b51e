// Where the values of a graph lie while it is computed: a value takes the place of one that nobody
// reads any more, its own input's where the operation can work in place.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/op.h"

namespace crossval {

class ValueBuffers {
 public:
  explicit ValueBuffers(const Graph& graph);

  /// Room for `positions` of every value, and for `head_positions` of those that the head makes.
  /// What was there is lost. Throws std::bad_alloc.
  void reserve(int64_t positions, int64_t head_positions);

  /// Of positions × width. Valid until reserve.
  float* of(ValueId value) { return buffers_[index(value)].data(); }

  /// Floats of a position, over all buffers.
  int64_t width() const;

 private:
  size_t index(ValueId value) const { return buffer_of_[static_cast<size_t>(value)]; }

  std::vector<size_t> buffer_of_;  // of each value
  std::vector<int64_t> widths_;    // of each buffer: its widest value's
  std::vector<bool> of_head_;      // of each buffer: only values of the head are in it
  std::vector<std::vector<float>> buffers_;
};

/// Whether the operation may write its output over its first input.
bool works_in_place(const Action& action);

}  // namespace crossval
