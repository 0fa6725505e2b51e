// Causal attention of a chunk of positions over everything in the KV cache, grouped-query heads.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "native/kv_cache.h"

namespace crossval {

struct AttentionShape {
  int64_t n_head = 0;
  int64_t n_head_kv = 0;
  int64_t head_dim_k = 0;
  int64_t head_dim_v = 0;
  float soft_cap = 0.0F;         // scores become cap · tanh(score / cap); 0: none
  float scale = 1.0F;            // then they are multiplied by it
  std::vector<float> slopes;     // n_head: a key at distance d loses d · slope (ALiBi); or empty
  const float* sinks = nullptr;  // n_head logits that take part in the softmax; may be null
  /// The key/value head that each query head reads; n_head entries.
  std::vector<int64_t> kv_head;
  /// How many cached positions, from 0 on, the query at `position` sees.
  std::function<int64_t(int64_t position)> visible;
  /// The first of them; null: position 0.
  std::function<int64_t(int64_t position)> first_visible;
};

/// Raw scores and probabilities, each positions × n_head × n_kv, when somebody looks; otherwise
/// empty.
struct AttentionTrace {
  std::vector<float> scores;
  std::vector<float> probabilities;
};

/// q: positions × (n_head · head_dim_k), rotated; the chunk's own keys and values are already in
/// the cache. out: positions × (n_head · head_dim_v).
void attention(const KernelSet& kernels, ThreadPool& pool, const AttentionShape& shape,
               const KvCache& cache, int64_t layer, int64_t first, int64_t positions,
               const float* q, float* out, AttentionTrace* trace);

}  // namespace crossval
