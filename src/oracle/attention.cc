#include "oracle/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/round_to_codes.h"

namespace crossval {
namespace {

/// ALiBi (arXiv 2108.12409): what each key's distance takes from a head's score. Heads beyond a
/// power of two take every other slope of the next one.
double alibi_slope(double largest, int64_t n_head, int64_t head) {
  const int64_t power = int64_t{1} << static_cast<int>(std::floor(std::log2(n_head)));
  return head < power
             ? std::exp2(-largest / static_cast<double>(power) * static_cast<double>(head + 1))
             : std::exp2(-largest / 2 / static_cast<double>(power) *
                         static_cast<double>(2 * (head - power) + 1));
}

void round_to(Grid grid, std::vector<double>& values) {
  for (double& value : values) value = rounded(value, grid);
}

}  // namespace

std::vector<double> cached_rows(const Attend& how, const OracleRows& rows, int64_t n) {
  std::vector<double> values(rows.data, rows.data + n * rows.width);
  switch (how.cached_as) {
    case CachedAs::declared:
    case CachedAs::floats:
      break;
    case CachedAs::f16:
    case CachedAs::bf16:
      round_to(how.cached_as == CachedAs::f16 ? Grid::f16 : Grid::bf16, values);
      break;
    case CachedAs::codes:
      std::vector<float> coded(values.begin(), values.end());
      round_to_codes(coded.data(), std::ssize(coded), 32);
      std::ranges::copy(coded, values.begin());
      break;
  }
  return values;
}

AttentionRounding rounding_of(const Attend& how, AttentionRounding engines) {
  return how.cached_as == CachedAs::floats ? AttentionRounding::none : engines;
}

std::vector<double> rounded_rows(const OracleRows& rows, int64_t n, Grid grid) {
  std::vector<double> values(rows.data, rows.data + n * rows.width);
  round_to(grid, values);
  return values;
}

std::vector<SeenKey> seen_keys(const Attend& how, const double* query, const OracleRows& keys,
                               int64_t n_kv, int64_t first, int64_t position, int64_t head) {
  const Attend::Keys seen = how.seen_by(position);
  const int64_t hidden = how.border == ChunkBorder::hidden && first > 0 ? first - 1 : -1;
  const double slope = how.alibi_bias > 0 ? alibi_slope(how.alibi_bias, how.n_head, head) : 0.0;
  const int64_t kv_head = how.kv_head[static_cast<size_t>(head)];
  std::vector<SeenKey> result;
  for (int64_t j = seen.first; j < std::min(seen.end, n_kv); ++j) {
    if (j == hidden) continue;
    const double* key = keys.row(j) + kv_head * how.head_dim_k;
    SeenKey of{.position = j};
    for (int64_t i = 0; i < how.head_dim_k; ++i) {
      of.score += query[i] * key[i];
      of.size += std::abs(query[i] * key[i]);
    }
    if (how.soft_cap != 0.0F) of.score = how.soft_cap * std::tanh(of.score / how.soft_cap);
    const double bias = slope * static_cast<double>(position - j);
    of.score = of.score * how.scale - bias;
    of.size = of.size * std::abs(double{how.scale}) + bias;
    result.push_back(of);
  }
  return result;
}

void weigh(const Attend& how, int64_t head, std::vector<SeenKey>& keys) {
  const double sink =
      how.sinks.present() ? how.sinks.data[head] : -std::numeric_limits<double>::infinity();
  double highest = sink;
  // A NaN among the scores makes all weights NaN.
  for (const SeenKey& key : keys)
    if (!(key.score <= highest)) highest = key.score;
  double sum = std::exp(sink - highest);
  for (SeenKey& key : keys) sum += key.weight = std::exp(key.score - highest);
  for (SeenKey& key : keys) key.weight /= sum;
}

void attend(const Attend& how, const OracleInputs& in, AttentionRounding engines, ThreadPool& pool,
            double* out) {
  const AttentionRounding rounding = rounding_of(how, engines);
  const int64_t n_kv = in.first + in.positions;
  const auto q =
      rounded_rows(in.values.at(0), in.positions, rounding.queries ? rounding.grid : Grid::none);
  auto keys = cached_rows(how, in.keys, n_kv);
  round_to(rounding.grid, keys);
  auto values = cached_rows(how, in.values_of_keys, n_kv);
  round_to(rounding.grid, values);
  pool.parallel_for(in.positions * how.n_head, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t head = part % how.n_head;
      auto seen = seen_keys(how, q.data() + part * how.head_dim_k, {keys.data(), in.keys.width},
                            n_kv, in.first, in.first + part / how.n_head, head);
      weigh(how, head, seen);
      double* merged = out + part * how.head_dim_v;
      std::fill_n(merged, how.head_dim_v, 0.0);
      const int64_t kv_head = how.kv_head[static_cast<size_t>(head)];
      for (const SeenKey& key : seen) {
        const double weight = rounding.weights ? rounded(key.weight, rounding.grid) : key.weight;
        const double* value =
            values.data() + key.position * in.values_of_keys.width + kv_head * how.head_dim_v;
        for (int64_t i = 0; i < how.head_dim_v; ++i) merged[i] += weight * value[i];
      }
    }
  });
}

}  // namespace crossval
