// Attention (arXiv 1706.03762, section 3.2) in double: grouped queries, windows, soft cap, ALiBi,
// sinks.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "oracle/operation.h"

namespace crossval {

/// What one query of one head sees of one position.
struct SeenKey {
  int64_t position = 0;
  double score = 0;   // scaled, capped, biased
  double size = 0;    // the sum of what was summed up for it, each without its sign
  double weight = 0;  // after the softmax
};

/// The keys that the query (head_dim_k values) of `head` at `position`, of a chunk that begins at
/// `first`, sees among the first n_kv, with their scores.
std::vector<SeenKey> seen_keys(const Attend& how, const double* query, const OracleRows& keys,
                               int64_t n_kv, int64_t first, int64_t position, int64_t head);

/// Their softmax, the head's sink taking part.
void weigh(const Attend& how, int64_t head, std::vector<SeenKey>& keys);

/// The first `n` rows as they are cached: exactly, but for a mistake's rounding.
std::vector<double> cached_rows(const Attend& how, const OracleRows& rows, int64_t n);

/// In what attention is computed: in the engine's, unless a mistake rounds nothing.
AttentionRounding rounding_of(const Attend& how, AttentionRounding engines);

/// The first `n` rows, each value on the grid.
std::vector<double> rounded_rows(const OracleRows& rows, int64_t n, Grid grid);

/// `in` has the queries as its first value and the cache as keys and values. out: positions ×
/// (n_head · head_dim_v). Running sums are not rounded here:
/// explain/attention_bound.h replays them.
void attend(const Attend& how, const OracleInputs& in, AttentionRounding rounding, ThreadPool& pool,
            double* out);

}  // namespace crossval
