#include "oracle/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/float16.h"

namespace crossval {
namespace {

double to_f16(double x) { return f16_to_f32(f32_to_f16(static_cast<float>(x))); }

std::vector<double> rounded(const OracleRows& rows, int64_t n, bool round) {
  std::vector<double> values(rows.data, rows.data + n * rows.width);
  if (round) std::ranges::transform(values, values.begin(), to_f16);
  return values;
}

/// ALiBi (arXiv 2108.12409): what each key's distance takes from a head's score. Heads beyond a
/// power of two take every other slope of the next one.
double alibi_slope(double largest, int64_t n_head, int64_t head) {
  const int64_t power = int64_t{1} << static_cast<int>(std::floor(std::log2(n_head)));
  return head < power
             ? std::exp2(-largest / static_cast<double>(power) * static_cast<double>(head + 1))
             : std::exp2(-largest / 2 / static_cast<double>(power) *
                         static_cast<double>(2 * (head - power) + 1));
}

}  // namespace

void attend(const Attend& how, const OracleInputs& in, AttentionRounding rounding, ThreadPool& pool,
            double* out) {
  const bool all = rounding == AttentionRounding::all_f16;
  const int64_t n_kv = in.first + in.positions;
  const auto q = rounded(in.values.at(0), in.positions, all);
  const auto keys = rounded(in.keys, n_kv, rounding != AttentionRounding::none);
  const auto values = rounded(in.values_of_keys, n_kv, rounding != AttentionRounding::none);
  const int64_t dim_k = how.head_dim_k;
  const int64_t dim_v = how.head_dim_v;

  pool.parallel_for(in.positions * how.n_head, 1, [&](int64_t begin, int64_t end) {
    std::vector<double> weights;
    for (int64_t part = begin; part < end; ++part) {
      const int64_t p = part / how.n_head;
      const int64_t head = part % how.n_head;
      const int64_t kv_head = how.kv_head[static_cast<size_t>(head)];
      const int64_t position = in.first + p;
      const Attend::Keys seen = how.seen_by(position);
      const int64_t last = std::min(seen.end, n_kv);
      const double slope = how.alibi_bias > 0 ? alibi_slope(how.alibi_bias, how.n_head, head) : 0.0;
      const double* query = q.data() + (p * how.n_head + head) * dim_k;
      const double sink =
          how.sinks.present() ? how.sinks.data[head] : -std::numeric_limits<double>::infinity();
      double highest = sink;
      weights.assign(static_cast<size_t>(last - seen.first), 0.0);
      for (int64_t j = seen.first; j < last; ++j) {
        const double* key = keys.data() + j * in.keys.width + kv_head * dim_k;
        double score = 0;
        for (int64_t i = 0; i < dim_k; ++i) score += query[i] * key[i];
        if (how.soft_cap != 0.0F) score = how.soft_cap * std::tanh(score / how.soft_cap);
        score = score * how.scale - slope * static_cast<double>(position - j);
        weights[static_cast<size_t>(j - seen.first)] = score;
        // A NaN among the scores makes all weights NaN.
        if (!(score <= highest)) highest = score;
      }
      double sum = std::exp(sink - highest);
      for (double& w : weights) sum += w = std::exp(w - highest);
      double* merged = out + (p * how.n_head + head) * dim_v;
      std::fill_n(merged, dim_v, 0.0);
      for (int64_t j = seen.first; j < last; ++j) {
        double weight = weights[static_cast<size_t>(j - seen.first)] / sum;
        if (all) weight = to_f16(weight);
        const double* value = values.data() + j * in.values_of_keys.width + kv_head * dim_v;
        for (int64_t i = 0; i < dim_v; ++i) merged[i] += weight * value[i];
      }
    }
  });
}

}  // namespace crossval
