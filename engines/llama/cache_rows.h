// Keys and values of earlier positions, read from where llama.cpp stores them.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tensor_rows.h"

namespace crossval_llama {

/// One layer's keys or values. With one sequence that is only ever begun again or gone on with,
/// position p lies in cell p. Where a layer keeps several of them under one name (deepseek4's
/// compressed keys) nobody can tell what a cell holds: it has no cells then.
struct CacheTensor {
  const ggml_tensor* tensor = nullptr;
  bool keys = false;
  int32_t layer = -1;
  int64_t width = 0;  // values of a position that mean something
  int64_t cells = 0;

  std::string name() const;  // "cache_k-7"
  /// Rows of the positions `first` to `end` − 1. `transposed`: a row of cells per value.
  TensorRows read(int64_t first, int64_t end, bool transposed) const;
};

/// The tensors that a graph writes keys and values to.
class CacheRows {
 public:
  /// A node that is about to be computed over `positions` tokens; it need not be a write.
  void note_write(const ggml_tensor* node, int64_t positions);

  /// In the order of the graph, each once.
  const std::vector<CacheTensor>& parts() const { return parts_; }

 private:
  std::vector<CacheTensor> parts_;
};

}  // namespace crossval_llama
