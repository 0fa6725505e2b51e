// A graph node's values as one row per position, in f32.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

namespace crossval_llama {

struct TensorRows {
  int64_t positions = 0;
  int64_t width = 0;          // values per position
  int64_t heads = 0;          // > 0 for attention scores: width = heads × n_kv
  std::vector<float> values;  // positions × width
};

/// True for nodes that compute something about positions: no views, no writes into the cache.
bool worth_tracing(const ggml_tensor* node);

/// Copies a node that has just been computed over `positions` tokens. False when it has no row per
/// position or a type that is not a plain number.
bool read_rows(const ggml_tensor* node, int64_t positions, TensorRows& rows);

}  // namespace crossval_llama
