// A graph node's values as one row per position, in f32.
#pragma once

#include <ggml.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace crossval_llama {

struct TensorRows {
  int64_t positions = 0;
  int64_t width = 0;          // values per position
  int64_t heads = 0;          // > 0 for attention scores: width = heads × n_kv
  std::vector<float> values;  // positions × width
};

/// A type whose values are plain numbers of 16 or 32 bits.
bool is_plain_number(ggml_type type);
/// One of them.
float value_at(const std::byte* at, ggml_type type);

/// True for nodes that compute something about positions: no views, no writes into the cache.
bool worth_tracing(const ggml_tensor* node);

/// True when a node over `positions` tokens has a row for each.
bool has_rows(const ggml_tensor* node, int64_t positions);

/// Copies the rows `first` to `end` − 1 of such a node, which has just been computed over
/// `positions` tokens.
TensorRows read_rows(const ggml_tensor* node, int64_t positions, int64_t first, int64_t end);

}  // namespace crossval_llama
