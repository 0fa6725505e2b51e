#include "native/attention.h"

#include <algorithm>
#include <limits>

#include "native/ops.h"
#include "native/product.h"

namespace crossval {
namespace {

constexpr float kHidden = -std::numeric_limits<float>::infinity();
constexpr int64_t kQueryBlock = 16;  // positions of one head whose scores are held at a time
constexpr int64_t kDotStep = 32;  // dots over positions run in whole steps: zeros fill the last one

int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

/// Buffers of one thread, for one block of queries.
struct Scratch {
  std::vector<float> scores;             // kQueryBlock × n_kv rounded up
  std::vector<std::byte> queries;        // packed
  std::vector<std::byte> probabilities;  // packed
  std::vector<std::byte> values;         // head_dim_v × n_kv rounded up, of one query
};

/// The values of one head as a query sees them that sees the first `own` positions: 0 behind those,
/// and so no 0 × NaN.
void copy_visible(const KvCache& cache, const std::byte* values, int64_t head_dim, int64_t own,
                  int64_t width, std::vector<std::byte>& out) {
  const int64_t stride = width * cache.element_bytes();
  out.assign(static_cast<size_t>(head_dim * stride), std::byte{0});
  for (int64_t i = 0; i < head_dim; ++i) {
    std::copy_n(values + i * cache.v_stride(), own * cache.element_bytes(),
                out.data() + i * stride);
  }
}

/// Soft cap, scale, ALiBi and window on the scores of the `own` keys that a query may see. `first`:
/// of the chunk.
void weigh_scores(const Attend& how, const std::vector<float>& slopes, int64_t head, int64_t first,
                  int64_t position, int64_t own, float* row) {
  soft_cap(row, own, how.soft_cap);
  for (int64_t j = 0; j < own; ++j) row[j] *= how.scale;
  if (!slopes.empty()) {
    const float slope = slopes[static_cast<size_t>(head)];
    for (int64_t j = 0; j < own; ++j) row[j] += slope * -static_cast<float>(position - j);
  }
  std::fill(row, row + how.seen_by(position).first, kHidden);
  if (how.border == ChunkBorder::hidden && first > 0) row[first - 1] = kHidden;
}

}  // namespace

void attention(const KernelSet& kernels, ThreadPool& pool, const Attend& how, const KvCache& cache,
               int64_t layer, int64_t first, int64_t positions, const float* q, float* out,
               AttentionTrace* trace) {
  const TileFn tile = kernels.tile(cache.type());
  const PackFn pack = kernels.pack(cache.partner());
  const int64_t q_width = how.n_head * how.head_dim_k;
  const int64_t out_width = how.n_head * how.head_dim_v;
  const int64_t n_kv = first + positions;
  const std::vector<float> slopes = alibi_slopes(how.alibi_bias, how.n_head);
  const int64_t blocks = (positions + kQueryBlock - 1) / kQueryBlock;
  if (trace != nullptr) {
    trace->scores.assign(static_cast<size_t>(positions * how.n_head * n_kv), 0.0F);
    trace->probabilities = trace->scores;
  }

  pool.parallel_for(how.n_head * blocks, 1, [&](int64_t begin, int64_t end) {
    Scratch s;
    const int64_t width = round_up(n_kv, kDotStep);
    const int64_t query_bytes = packed_row_bytes(cache.partner(), how.head_dim_k);
    const int64_t probability_bytes = packed_row_bytes(cache.partner(), width);
    s.scores.resize(static_cast<size_t>(kQueryBlock * width));
    s.queries.resize(static_cast<size_t>(kQueryBlock * query_bytes));
    s.probabilities.resize(static_cast<size_t>(kQueryBlock * probability_bytes));

    for (int64_t part = begin; part < end; ++part) {
      const int64_t head = part / blocks;
      const int64_t p0 = part % blocks * kQueryBlock;
      const int64_t n = std::min(kQueryBlock, positions - p0);
      const int64_t kv_head = how.kv_head[static_cast<size_t>(head)];
      int64_t seen = 0;  // keys that any query of the block sees
      for (int64_t p = 0; p < n; ++p) seen = std::max(seen, how.seen_by(first + p0 + p).end);
      seen = std::min(seen, n_kv);
      const int64_t dot = round_up(seen, kDotStep);

      for (int64_t p = 0; p < n; ++p) {
        pack(q + (p0 + p) * q_width + head * how.head_dim_k, how.head_dim_k,
             s.queries.data() + p * query_bytes);
      }
      tile(cache.keys(layer, kv_head), cache.k_stride(layer), seen, s.queries.data(), query_bytes,
           n, how.head_dim_k, s.scores.data(), width);

      for (int64_t p = 0; p < n; ++p) {
        float* row = s.scores.data() + p * width;
        const int64_t own = std::min(seen, how.seen_by(first + p0 + p).end);
        float* traced = trace == nullptr
                            ? nullptr
                            : trace->scores.data() + ((p0 + p) * how.n_head + head) * n_kv;
        if (traced != nullptr) std::copy(row, row + seen, traced);
        weigh_scores(how, slopes, head, first, first + p0 + p, own, row);
        std::fill(row + own, row + dot, kHidden);
        kernels.softmax(row, dot, how.sinks.present() ? how.sinks.data[head] : kHidden);
        if (trace != nullptr) {
          std::copy(row, row + seen,
                    trace->probabilities.data() + ((p0 + p) * how.n_head + head) * n_kv);
        }
        pack(row, dot, s.probabilities.data() + p * probability_bytes);
      }
      const std::byte* values = cache.values(layer, kv_head);
      float* merged = out + p0 * out_width + head * how.head_dim_v;
      if (cache.finite_values(layer)) {
        tile(values, cache.v_stride(), how.head_dim_v, s.probabilities.data(), probability_bytes, n,
             dot, merged, out_width);
        continue;
      }
      for (int64_t p = 0; p < n; ++p) {
        const int64_t own = std::min(seen, how.seen_by(first + p0 + p).end);
        copy_visible(cache, values, how.head_dim_v, own, width, s.values);
        tile(s.values.data(), width * cache.element_bytes(), how.head_dim_v,
             s.probabilities.data() + p * probability_bytes, probability_bytes, 1, dot,
             merged + p * out_width, out_width);
      }
    }
  });
}

}  // namespace crossval
