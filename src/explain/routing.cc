#include "explain/routing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace crossval {

double ChoiceMargin::units() const {
  const double apart = chosen - left_out;
  if (!std::isfinite(apart) || apart == 0) return apart;
  return apart / bound;
}

ChoiceMargin margin_of(const ChooseExperts& how, const double* keys, const double* bounds,
                       int64_t n, std::span<const int32_t> chosen) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  ChoiceMargin margin{.chosen = kNone, .left_out = -kNone};
  int64_t weakest = 0;
  int64_t strongest = 0;
  for (int64_t e = 0; e < n; ++e) {
    const double key = keys[e] + (how.selection_bias.present() ? how.selection_bias.data[e] : 0.0F);
    if (!std::isfinite(key)) return {.chosen = kNone};
    const auto at = std::ranges::find(chosen, static_cast<int32_t>(e));
    if (at == chosen.end()) {
      if (key <= margin.left_out) continue;
      margin.left_out = key;
      strongest = e;
    } else if (key < margin.chosen) {
      margin.chosen = key;
      margin.slot = at - chosen.begin();
      weakest = e;
    }
  }
  margin.bound = bounds[weakest] + bounds[strongest];
  return margin;
}

bool same_experts(std::vector<int32_t> a, std::vector<int32_t> b) {
  std::ranges::sort(a);
  std::ranges::sort(b);
  return a == b;
}

void ForcedRouting::begin(const ChooseExperts& how, size_t op, const OracleInputs& in,
                          std::span<const int32_t> chosen) {
  const auto layer = static_cast<int32_t>(graph_.ops[op].layer);
  if (met_.contains(layer)) return;
  const auto used = static_cast<size_t>(how.used);
  for (size_t p = 0; p < static_cast<size_t>(in.positions); ++p) {
    const auto position = static_cast<int32_t>(in.first) + static_cast<int32_t>(p);
    const auto other = other_.find({layer, position});
    if (other == other_.end()) continue;
    const auto own = chosen.subspan(p * used, used);
    if (same_experts(other->second.experts, {own.begin(), own.end()})) continue;
    met_[layer] = position;
    Row row{.position = position, .values = {}, .chosen = other->second.experts};
    for (const int32_t expert : row.chosen)
      row.values.push_back(in.values[0].row(static_cast<int64_t>(p))[expert]);
    rows_.clear();
    rows_[graph_.ops[op].output] = std::move(row);
    return;
  }
}

void ForcedRouting::take(size_t index, const OracleInputs& in, std::span<const int32_t> chosen,
                         const Rounding& rounding, ThreadPool& pool) {
  const Op& op = graph_.ops[index];
  if (const auto* how = std::get_if<ChooseExperts>(&op.action))
    return begin(*how, index, in, chosen);
  const auto reads = [&](ValueId id) { return rows_.contains(id); };
  const auto changed = std::ranges::find_if(op.inputs, reads);
  if (changed == op.inputs.end()) return;
  const int32_t position = rows_[*changed].position;
  OracleInputs one = in;
  one.first = position;
  one.positions = 1;
  one.values.clear();
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const int64_t width = in.values[i].width;
    const auto row = rows_.find(op.inputs[i]);
    if (row == rows_.end()) {
      one.values.push_back({in.values[i].row(position - in.first), width});
      continue;
    }
    one.values.push_back({row->second.values.data(), width});
    if (!row->second.chosen.empty()) one.chosen = row->second.chosen;
  }
  const int64_t width = graph_.width(op.output);
  Row made{.position = position,
           .values = std::vector<double>(static_cast<size_t>(width)),
           .chosen = {}};
  compute(op.action, one, width, rounding, pool, made.values.data());
  if (std::holds_alternative<SumExperts>(op.action)) {
    rows_.clear();
    sums_[index] = {position, std::move(made.values), {}};
  } else {
    rows_[op.output] = std::move(made);
  }
}

void ForcedRouting::take_own(size_t op, int64_t first, const std::vector<double>& values) {
  const auto sum = sums_.find(op);
  if (sum == sums_.end() || !sum->second.own.empty()) return;
  const int64_t width = std::ssize(sum->second.forced);
  const int64_t at = (sum->second.position - first) * width;
  if (at < 0 || at + width > std::ssize(values)) return;
  sum->second.own.assign(values.begin() + at, values.begin() + at + width);
}

void ForcedRouting::clear() {
  rows_.clear();
  met_.clear();
  sums_.clear();
}

}  // namespace crossval
