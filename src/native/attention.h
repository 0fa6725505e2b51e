// Causal attention of a chunk of positions over everything in the KV cache, grouped-query heads.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "graph/op.h"
#include "kernels/kernels.h"
#include "native/kv_cache.h"

namespace crossval {

/// Raw scores and probabilities, each positions × n_head × n_kv, when somebody looks; otherwise
/// empty.
struct AttentionTrace {
  std::vector<float> scores;
  std::vector<float> probabilities;
};

/// q: positions × (n_head · head_dim_k), rotated; the chunk's own keys and values are already in
/// the cache. out: positions × (n_head · head_dim_v).
void attention(const KernelSet& kernels, ThreadPool& pool, const Attend& how, const KvCache& cache,
               int64_t layer, int64_t first, int64_t positions, const float* q, float* out,
               AttentionTrace* trace);

}  // namespace crossval
