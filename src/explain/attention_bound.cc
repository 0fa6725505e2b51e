#include "explain/attention_bound.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "explain/cache_codes.h"
#include "explain/units.h"
#include "oracle/attention.h"

namespace crossval {
namespace {

/// What a value near a boundary may be off by, relative to it.
double step_of(Grid grid) {
  if (grid == Grid::none) return 0;
  return grid == Grid::f16 ? 0x1p-11 : 0x1p-8;
}

struct Interval {
  double low = 0, high = 0;

  Interval on(Grid grid) const { return {rounded(low, grid), rounded(high, grid)}; }
};

/// One query of one head; `values` are of its key/value head, `stride` apart.
class Query {
 public:
  Query(const Attend& how, int64_t head, std::vector<SeenKey> keys, const double* values,
        int64_t stride)
      : how_(how), head_(head), keys_(std::move(keys)), values_(values), stride_(stride) {
    weigh(how_, head_, keys_);
    for (const SeenKey& key : keys_) largest_ = std::max(largest_, key.size);
  }

  /// Weights and sums in binary32 or better; with `round` each weight is rounded to the
  /// grid in between, and one near a boundary may fall to either side of it.
  void sum(bool round, Grid grid, double* value, double* bound) const {
    for (const SeenKey& key : keys_) {
      const double error = kRoundoff * (2 + key.size + largest_);
      const double tie = kLimit * error;
      const Interval either = Interval{key.weight * (1 - tie), key.weight * (1 + tie)}.on(grid);
      const double weight = round ? rounded(key.weight, grid) : key.weight;
      for (int64_t i = 0; i < how_.head_dim_v; ++i) {
        const double v = values_[key.position * stride_ + i];
        value[i] += weight * v;
        bound[i] += std::abs(v) * (key.weight * error + (round ? either.high - either.low : 0.0));
      }
    }
  }

  /// The running sum on the grid, key after key: it is scaled down when a higher score comes.
  void rounded_sum(Grid grid, double* value, double* bound) const {
    const auto n = static_cast<size_t>(how_.head_dim_v);
    std::vector<Interval> sums(n);
    double highest = -std::numeric_limits<double>::infinity();
    double total = 0;
    for (const SeenKey& key : keys_) {
      double weight = 1;
      if (key.score > highest) {
        const double shrink = std::exp(highest - key.score);
        const double error = kLimit * kRoundoff * (2 + key.size + largest_);
        for (Interval& sum : sums) sum = scaled(sum, shrink, error).on(grid);
        total *= shrink;
        highest = key.score;
      } else {
        weight = std::exp(key.score - highest);
      }
      const double error = weight == 1 ? 0 : kLimit * kRoundoff * (2 + key.size + largest_);
      total += weight;
      for (size_t i = 0; i < n; ++i) {
        const double v = values_[key.position * stride_ + static_cast<int64_t>(i)];
        const double part = weight * v;
        const double off =
            std::abs(part) * error + kLimit * kRoundoff * (std::abs(sums[i].low) + std::abs(part));
        sums[i] = Interval{sums[i].low + part - off, sums[i].high + part + off}.on(grid);
      }
    }
    if (how_.sinks.present()) {
      const double sink = how_.sinks.data[head_];
      const double shrink = sink > highest ? std::exp(highest - sink) : 1.0;
      for (Interval& sum : sums) sum = scaled(sum, shrink, 4 * kRoundoff);
      total = total * shrink + (sink > highest ? 1.0 : std::exp(sink - highest));
    }
    for (size_t i = 0; i < n; ++i) {
      value[i] = (sums[i].low + sums[i].high) / 2 / total;
      bound[i] =
          (sums[i].high - sums[i].low) / 2 / total +
          kRoundoff * std::abs(value[i]) * (3 + 2 * largest_ + static_cast<double>(keys_.size()));
    }
  }

 private:
  static Interval scaled(const Interval& x, double by, double error) {
    const double off = error * by;
    return {x.low * by - off * std::abs(x.low), x.high * by + off * std::abs(x.high)};
  }

  const Attend& how_;
  int64_t head_;
  std::vector<SeenKey> keys_;
  const double* values_;
  int64_t stride_;
  double largest_ = 0;  // size of a score
};

/// What attention works on: rounded or coded, each within its slack; a grid's step comes on top.
struct Operands {
  Operands(const Attend& how, const OracleInputs& in, const AttentionSlack& slack,
           AttentionRounding rounding)
      : queries_width(in.values.at(0).width),
        keys_width(in.keys.width),
        values_width(in.values_of_keys.width) {
    const int64_t n_kv = in.first + in.positions;
    const std::vector<double> stored_keys = cached_rows(how, in.keys, n_kv);
    const std::vector<double> stored_values = cached_rows(how, in.values_of_keys, n_kv);
    const OracleRows all_keys{stored_keys.data(), keys_width};
    const OracleRows all_values{stored_values.data(), values_width};
    const int64_t together = rounding.turned ? turned_keys(how.head_dim_k) : 0;
    const auto coded = [&](const OracleRows& rows, const double* off, int64_t n, int64_t turned,
                           CacheCodes codes) {
      return coded_rows(turned_rows(rows.data, off, n * rows.width, turned), codes);
    };
    const auto on_grid = [&](const OracleRows& rows, const double* off, int64_t n, Grid grid) {
      SlackRows out{rounded_rows(rows, n, grid), {}};
      if (off != nullptr) out.slack.assign(off, off + n * rows.width);
      for (size_t i = 0; i < out.slack.size(); ++i)
        out.slack[i] += step_of(grid) * std::abs(out.values[i]);
      return out;
    };
    if (rounding.key_codes == CacheCodes::none) {
      queries = on_grid(in.values[0], slack.queries, in.positions,
                        rounding.queries ? rounding.grid : Grid::none);
      keys = on_grid(all_keys, slack.keys, n_kv, rounding.grid);
    } else if (has_minima(rounding.key_codes)) {
      queries = coded_queries(
          turned_rows(in.values[0].data, slack.queries, in.positions * queries_width, together));
      keys = coded_keys(turned_rows(stored_keys.data(), slack.keys, n_kv * keys_width, together),
                        rounding.key_codes);
      keys_width = keys_width / 32 * 33;
    } else {
      queries = coded(in.values[0], slack.queries, in.positions, together, CacheCodes::q8_0);
      keys = coded(all_keys, slack.keys, n_kv, together, rounding.key_codes);
    }
    if (rounding.value_codes == CacheCodes::none) {
      values = on_grid(all_values, slack.values, n_kv, rounding.grid);
    } else {
      values = coded(all_values, slack.values, n_kv,
                     rounding.turned ? turned_values(how.head_dim_v) : 0, rounding.value_codes);
    }
  }

  bool exact() const {
    return std::ranges::all_of(std::array{&queries, &keys, &values}, [](const SlackRows* rows) {
      return std::ranges::all_of(rows->slack, [](double off) { return off == 0; });
    });
  }

  SlackRows queries, keys, values;
  int64_t queries_width, keys_width, values_width;
};

double off_at(const SlackRows& rows, int64_t at) {
  return rows.slack.empty() ? 0.0 : rows.slack[static_cast<size_t>(at)];
}

/// Adds to a bound what operands that are not exact may do: a score that is off by d makes a weight
/// off by a factor of e^d.
void widen(const Attend& how, const Operands& of, int64_t part, std::vector<SeenKey> seen,
           const double* value, double* bound) {
  const int64_t head = part % how.n_head;
  const int64_t kv_head = how.kv_head[static_cast<size_t>(head)];
  const int64_t first = part * how.head_dim_k;
  weigh(how, head, seen);
  double largest = 0;
  std::vector<double> off(seen.size());
  for (size_t j = 0; j < seen.size(); ++j) {
    const int64_t at = seen[j].position * of.keys_width + kv_head * how.head_dim_k;
    for (int64_t i = 0; i < how.head_dim_k; ++i) {
      const double k = std::abs(of.keys.values[static_cast<size_t>(at + i)]);
      const double q = std::abs(of.queries.values[static_cast<size_t>(first + i)]);
      off[j] += std::abs(double{how.scale}) *
                (q * off_at(of.keys, at + i) + k * off_at(of.queries, first + i));
    }
    largest = std::max(largest, off[j]);
  }
  for (size_t j = 0; j < seen.size(); ++j) {
    const double weight = seen[j].weight * std::expm1(std::min(off[j] + largest, 50.0));
    const int64_t at = seen[j].position * of.values_width + kv_head * how.head_dim_v;
    for (int64_t i = 0; i < how.head_dim_v; ++i) {
      const double v = of.values.values[static_cast<size_t>(at + i)];
      bound[i] += weight * std::abs(v - value[i]) + seen[j].weight * off_at(of.values, at + i);
    }
  }
}

}  // namespace

void attend_within(const Attend& action, const OracleInputs& in, const AttentionSlack& slack,
                   AttentionRounding engines, ThreadPool& pool, double* value, double* bound) {
  const AttentionRounding rounding = rounding_of(action, engines);
  Attend how = action;
  // Minima and sums are further elements of a head: their product is part of a score like the rest.
  if (has_minima(rounding.key_codes)) how.head_dim_k = how.head_dim_k / 32 * 33;
  const Grid grid = rounding.grid;
  const int64_t n_kv = in.first + in.positions;
  const Operands of(action, in, slack, rounding);
  const bool exact = of.exact();
  pool.parallel_for(in.positions * how.n_head, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t head = part % how.n_head;
      const auto seen = seen_keys(how, of.queries.values.data() + part * how.head_dim_k,
                                  {of.keys.values.data(), of.keys_width}, n_kv, in.first,
                                  in.first + part / how.n_head, head);
      const Query query(
          how, head, seen,
          of.values.values.data() + how.kv_head[static_cast<size_t>(head)] * how.head_dim_v,
          of.values_width);
      double* to = value + part * how.head_dim_v;
      double* within = bound + part * how.head_dim_v;
      std::fill_n(to, how.head_dim_v, 0.0);
      std::fill_n(within, how.head_dim_v, 0.0);
      if (rounding.sums) {
        query.rounded_sum(grid, to, within);
      } else {
        query.sum(rounding.weights, grid, to, within);
      }
      if (!exact) widen(how, of, part, seen, to, within);
    }
  });
}

}  // namespace crossval
