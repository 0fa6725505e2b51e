#include "oracle/executor.h"

#include <algorithm>

#include "graph/last_uses.h"
#include "oracle/experts.h"

namespace crossval {
namespace {

constexpr int64_t kHeadPositions = 16;  // whose logits are computed at once

std::vector<float> narrow(const double* x, size_t n) {
  std::vector<float> out(n);
  std::transform(x, x + n, out.begin(), [](double value) { return static_cast<float>(value); });
  return out;
}

}  // namespace

OracleExecutor::OracleExecutor(const Graph& graph, int64_t n_layer, const Rounding& rounding,
                               int threads)
    : graph_(graph),
      last_uses_(last_uses(graph)),
      of_body_(made_before_head(graph)),
      rounding_(rounding),
      pool_(threads),
      keys_(static_cast<size_t>(n_layer)),
      values_of_keys_(keys_.size()),
      values_(graph.widths.size()),
      chosen_(graph.widths.size()) {}

bool OracleExecutor::chunk(std::span<const int32_t> ids, int64_t first, int64_t rows_from,
                           const LogitsSink& sink, const Observer& observer,
                           const std::stop_token& stop) {
  ids_ = ids;
  first_ = first;
  n_ = static_cast<int64_t>(ids.size());
  block_ = 0;
  in_head_ = false;
  for (size_t op = 0; op < graph_.head; ++op) {
    run(op);
    if (observer) {
      const auto& value = values_[static_cast<size_t>(graph_.ops[op].output)];
      const std::vector<float> shown = narrow(value.data(), value.size());
      const int64_t width = graph_.width(graph_.ops[op].output);
      if (!show_ranking(op, observer)) return false;
      if (!observer({op, Observation::Part::result, width, 0, shown.data()})) return false;
    }
    release(op);
    if (stop.stop_requested()) return false;
  }
  return head(rows_from, sink, stop);
}

bool OracleExecutor::head(int64_t rows_from, const LogitsSink& sink, const std::stop_token& stop) {
  in_head_ = true;
  const int64_t positions = n_;
  const auto n_vocab = static_cast<size_t>(graph_.width(graph_.logits));
  for (block_ = std::max<int64_t>(0, rows_from - first_); block_ < positions; block_ += n_) {
    n_ = std::min(kHeadPositions, positions - block_);
    for (size_t op = graph_.head; op < graph_.ops.size(); ++op) run(op);
    const double* logits = values_[static_cast<size_t>(graph_.logits)].data();
    for (int64_t p = 0; p < n_; ++p) {
      const auto row = narrow(logits + static_cast<size_t>(p) * n_vocab, n_vocab);
      if (!sink(first_ + block_ + p, row)) return false;
    }
    if (stop.stop_requested()) return false;
  }
  return true;
}

void OracleExecutor::run(size_t index) {
  const Op& op = graph_.ops[index];
  OracleInputs in;
  in.first = first_ + block_;
  in.positions = n_;
  in.ids = ids_.subspan(static_cast<size_t>(block_), static_cast<size_t>(n_));
  for (const ValueId id : op.inputs) {
    const auto at = static_cast<size_t>(id);
    const int64_t width = graph_.width(id);
    // What the head reads of the body begins at its block.
    const bool whole = in_head_ && of_body_[at];
    in.values.push_back({values_[at].data() + (whole ? block_ * width : 0), width});
    if (!chosen_[at].empty()) in.chosen = chosen_[at];
  }
  if (std::holds_alternative<Attend>(op.action)) {
    CacheRows& keys = keys_[static_cast<size_t>(op.layer)];
    CacheRows& values = values_of_keys_[static_cast<size_t>(op.layer)];
    const bool overwrites = std::get<Attend>(op.action).border == ChunkBorder::overwritten;
    store(keys, in.values[1], overwrites);
    store(values, in.values[2], overwrites);
    in.keys = {keys.rows.data(), keys.width};
    in.values_of_keys = {values.rows.data(), values.width};
  }
  const int64_t width = graph_.width(op.output);
  const auto to = static_cast<size_t>(op.output);
  values_[to].resize(static_cast<size_t>(n_ * width));
  compute(op.action, in, width, rounding_, pool_, values_[to].data(), &chosen_[to]);
}

/// Of the experts, where the operation chooses among them.
bool OracleExecutor::show_ranking(size_t index, const Observer& observer) const {
  const Op& op = graph_.ops[index];
  const auto* choose = std::get_if<ChooseExperts>(&op.action);
  if (choose == nullptr) return true;
  const int64_t n = graph_.width(op.inputs[0]);
  const double* probabilities = values_[static_cast<size_t>(op.inputs[0])].data();
  std::vector<float> ranking;
  for (int64_t p = 0; p < n_; ++p) {
    const auto of_position = ranking_of(*choose, probabilities + p * n, n);
    ranking.insert(ranking.end(), of_position.begin(), of_position.end());
  }
  return observer({index, Observation::Part::ranking, n, 0, ranking.data()});
}

void OracleExecutor::release(size_t index) {
  const Op& op = graph_.ops[index];
  const auto free = [&](ValueId id) {
    const auto at = static_cast<size_t>(id);
    if (last_uses_[at] > index) return;
    std::vector<double>().swap(values_[at]);
    chosen_[at].clear();
  };
  for (const ValueId input : op.inputs) free(input);
  free(op.output);
}

void OracleExecutor::store(CacheRows& cache, const OracleRows& rows, bool overwrites) const {
  cache.width = rows.width;
  cache.rows.resize(static_cast<size_t>(first_ * rows.width));
  if (overwrites && first_ > 0) std::copy_n(rows.data, rows.width, cache.rows.end() - rows.width);
  cache.rows.insert(cache.rows.end(), rows.data, rows.data + n_ * rows.width);
}

std::vector<float> OracleExecutor::rows_of(const CacheRows& cache, int64_t first, int64_t n) const {
  if (cache.rows.empty()) return {};
  auto rows = narrow(cache.rows.data() + first * cache.width, static_cast<size_t>(n * cache.width));
  for (float& x : rows) x = static_cast<float>(rounded(x, rounding_.attention.grid));
  return rows;
}

std::vector<float> OracleExecutor::key_rows(int64_t layer, int64_t first, int64_t n) const {
  return rows_of(keys_[static_cast<size_t>(layer)], first, n);
}

std::vector<float> OracleExecutor::value_rows(int64_t layer, int64_t first, int64_t n) const {
  return rows_of(values_of_keys_[static_cast<size_t>(layer)], first, n);
}

}  // namespace crossval
