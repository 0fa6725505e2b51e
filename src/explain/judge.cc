#include "explain/judge.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "explain/cache_codes.h"
#include "explain/units.h"
#include "graph/edit.h"
#include "graph/last_uses.h"

namespace crossval {
namespace {

constexpr int32_t kNoExpert = -1;  // what an engine ranks that is no number of one

constexpr int64_t kHeadPositions = 4;  // whose logits are judged: the last ones of a chunk
constexpr int64_t kSampledRows = 16;   // of a matrix, when arithmetics are told apart
constexpr int64_t kLayersKept = 2;     // before the one that is looked at
constexpr double kSmallest = 1e-42;    // what a denormal value may be off by

Matrix part_of(const Matrix& matrix, int64_t first, int64_t rows) {
  Matrix part = matrix;
  part.data = matrix.row(first);
  part.rows = rows;
  return part;
}

std::vector<ProductRounding> candidates(ActivationType partner) {
  std::vector<ProductRounding> all{ProductRounding::declared};
  if (partner != ActivationType::f32) all.push_back(ProductRounding::none);
  if (partner != ActivationType::f16) all.push_back(ProductRounding::f16);
  if (partner != ActivationType::bf16) all.push_back(ProductRounding::bf16);
  return all;
}

bool computed_otherwise(const Action& action, const Rounding& a, const Rounding& b) {
  if (matrix_of(action) != nullptr) return a.product != b.product;
  if (std::holds_alternative<Attend>(action)) return a.attention != b.attention;
  return std::holds_alternative<Activate>(action) && a.gelu != b.gelu;
}

}  // namespace

LocalError local_error(const float* value, const KnownValue& expected, int64_t first,
                       int64_t width) {
  LocalError worst;
  for (size_t i = 0; i < expected.values.size(); ++i) {
    const double y = value[i];
    const double f = expected.values[i];
    if (!std::isfinite(f)) continue;  // its inputs were ill, or it is meant to be
    const double slack = expected.slack.empty() ? 0.0 : expected.slack[i];
    const double bound = slack + kSmallest;
    const double units =
        std::isfinite(y) ? std::abs(y - f) / bound : std::numeric_limits<double>::infinity();
    if (units <= worst.units && worst.position >= 0) continue;
    worst = {.units = units,
             .position = static_cast<int32_t>(first + static_cast<int64_t>(i) / width),
             .element = static_cast<int64_t>(i) % width,
             .value = y,
             .expected = f,
             .bound = slack};
  }
  return worst;
}

Judge::Judge(const Graph& graph, TraceMap& map, std::span<const int32_t> ids, ThreadPool& pool)
    : graph_(graph),
      map_(map),
      ids_(ids),
      pool_(pool),
      last_uses_(last_uses(graph)),
      shown_(graph.ops.size()),
      ranked_(graph.ops.size()),
      of_router_(graph.ops.size()) {
  for (const Op& op : graph.ops) {
    if (!std::holds_alternative<ChooseExperts>(op.action)) continue;
    for (ValueId id = op.inputs[0];;) {
      const size_t at = writer_of(graph, id);
      of_router_[at] = true;
      if (matrix_of(graph.ops[at].action) != nullptr || graph.ops[at].inputs.size() != 1) break;
      id = graph.ops[at].inputs[0];
    }
  }
}

void Judge::forget_ambiguous() {
  for (const std::vector<size_t>& ops : map_.namesakes()) {
    if (std::ranges::all_of(ops, [&](size_t op) { return shown_[op]; })) continue;
    for (const size_t op : ops) shown_[op] = false;
  }
}

void Judge::begin(EngineArithmetic arithmetic, ArithmeticFit* fit, size_t looked_at, Look look) {
  arithmetic_ = std::move(arithmetic);
  fit_ = fit;
  looked_at_ = looked_at;
  look_ = std::move(look);
  errors_.assign(graph_.ops.size(), {});
  judged_.assign(graph_.ops.size(), false);
  unchanged_.assign(graph_.ops.size(), false);
  begin_trace();
}

/// What is computed in another arithmetic, and what reads that where the engine does not show it.
void Judge::begin_again(EngineArithmetic arithmetic) {
  std::vector<bool> other(graph_.widths.size());
  for (size_t i = 0; i < graph_.ops.size(); ++i) {
    const Op& op = graph_.ops[i];
    const bool attends = std::holds_alternative<Attend>(op.action);
    bool again =
        std::holds_alternative<ChooseExperts>(op.action) || (attends && attention_is_left_);
    bool turned = false;
    for (const int64_t chunk : {int64_t{1}, EngineArithmetic::kWideChunk}) {
      const Rounding before = arithmetic_.rounding(op.action, chunk);
      const Rounding now = arithmetic.rounding(op.action, chunk);
      again = again || computed_otherwise(op.action, before, now);
      turned = turned || before.attention.turned || now.attention.turned;
    }
    for (const ValueId input : op.inputs) again = again || other[static_cast<size_t>(input)];
    // What is turned is turned back before it is read, shown or not.
    other[static_cast<size_t>(op.output)] = again && (!shown_[i] || (attends && turned));
    unchanged_[i] = !again;
    if (!again) continue;
    errors_[i] = {};
    judged_[i] = false;
  }
  arithmetic_ = std::move(arithmetic);
  fit_ = nullptr;
  begin_trace();
}

void Judge::begin_trace() {
  last_rows_.assign(graph_.ops.size(), {});
  routing_.clear();
  chunks_.clear();
  if (forced_) forced_->clear();
  cache_.clear();
  positions_ = first_ = 0;
  next_ = graph_.ops.size();
}

void Judge::begin_chunk(int64_t first, int64_t positions) {
  if (positions_ > 0) advance(true);
  chunks_.push_back(first);
  first_ = first;
  positions_ = positions;
  next_ = 0;
  arrived_.assign(graph_.ops.size(), {});
  rows_arrived_.assign(graph_.ops.size(), 0);
  values_.assign(graph_.widths.size(), {});
  chosen_.assign(graph_.widths.size(), {});
  rankings_.assign(graph_.ops.size(), {});
  estimates_.clear();
}

void Judge::take(const TraceTensor& tensor) {
  if (tensor.first_position >= first_ + positions_) {
    begin_chunk(tensor.first_position, tensor.positions);
  }
  if (const auto choice = map_.ranked_by(tensor)) {
    const auto n = static_cast<float>(graph_.width(graph_.ops[*choice].inputs[0]));
    std::ranges::transform(tensor.data, std::back_inserter(rankings_[*choice]), [n](float expert) {
      return 0 <= expert && expert < n ? static_cast<int32_t>(expert) : kNoExpert;
    });
    return advance(false);
  }
  const auto op = map_.op_of(tensor);
  if (!op || !shown_[*op] || tensor.width != graph_.width(graph_.ops[*op].output)) return;
  if (tensor.first_position + tensor.positions == std::ssize(ids_)) {
    const auto last = tensor.data.last(static_cast<size_t>(tensor.width));
    last_rows_[*op].assign(last.begin(), last.end());
  }
  // Of the logits the last positions alone are kept.
  const bool head = *op >= graph_.head;
  const int64_t from = head ? std::max(first_, first_ + positions_ - kHeadPositions) : first_;
  const int64_t skipped = std::clamp<int64_t>(from - tensor.first_position, 0, tensor.positions);
  const auto kept = tensor.data.subspan(static_cast<size_t>(skipped * tensor.width));
  arrived_[*op].insert(arrived_[*op].end(), kept.begin(), kept.end());
  rows_arrived_[*op] += tensor.positions;
  advance(false);
}

void Judge::end() {
  if (positions_ > 0) advance(true);
  positions_ = 0;
}

/// Goes through the graph as far as the engine's values are there; one that it shows is waited for.
void Judge::advance(bool finish) {
  for (; next_ < graph_.ops.size(); ++next_) {
    if (shown_[next_] && rows_arrived_[next_] < positions_ && !finish) return;
    if (ranked_[next_] && rankings_[next_].empty() && !finish) return;
    process(next_);
    if (forced_) {
      const KnownValue& made = values_[static_cast<size_t>(graph_.ops[next_].output)];
      if (made.known) forced_->take_own(next_, first_, made.values);
    }
    release(next_);
  }
}

OracleInputs Judge::inputs_of(size_t index) {
  const Op& op = graph_.ops[index];
  const bool head = index >= graph_.head;
  OracleInputs in;
  const int64_t skipped = head ? std::max<int64_t>(0, positions_ - kHeadPositions) : 0;
  in.first = first_ + skipped;
  in.positions = positions_ - skipped;
  in.ids = ids_.subspan(static_cast<size_t>(in.first), static_cast<size_t>(in.positions));
  for (const ValueId id : op.inputs) {
    const auto at = static_cast<size_t>(id);
    const int64_t width = graph_.width(id);
    // What the head makes is there for its positions alone.
    const bool whole = std::ssize(values_[at].values) == positions_ * width;
    in.values.push_back({values_[at].values.data() + (whole ? skipped * width : 0), width});
    if (!chosen_[at].empty()) in.chosen = chosen_[at];
  }
  return in;
}

/// Of a value that is shown: where one operation is looked at nobody asks about the others, nor
/// about what is known already.
bool Judge::has_to_be_expected(size_t index) const {
  if (!look_) return !unchanged_[index];
  return index == looked_at_ || std::holds_alternative<ChooseExperts>(graph_.ops[index].action);
}

void Judge::process(size_t index) {
  const Op& op = graph_.ops[index];
  const auto to = static_cast<size_t>(op.output);
  const int64_t width = graph_.width(op.output);
  const bool here = shown_[index] && rows_arrived_[index] == positions_;
  bool known = true;
  OracleInputs in = inputs_of(index);
  std::vector<const double*> slacks;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const KnownValue& input = values_[static_cast<size_t>(op.inputs[i])];
    known = known && input.known;
    const double* lacking = input.lacking();
    const auto skipped = in.values[i].data - input.values.data();
    slacks.push_back(lacking == nullptr ? nullptr : lacking + skipped);
  }
  if (std::holds_alternative<Attend>(op.action)) {
    Cache& cache = cache_[op.layer];
    cache.known = cache.known && known;
    if (known) {
      cache.keys.add(in.values[1], slacks[1], positions_);
      cache.values.add(in.values[2], slacks[2], positions_);
    }
    // An engine may have kept earlier positions to itself.
    const int64_t cached = (first_ + positions_) * in.values[1].width;
    known = cache.known && std::ssize(cache.keys.rows) == cached;
    in.keys = {cache.keys.rows.data(), in.values[1].width};
    in.values_of_keys = {cache.values.rows.data(), in.values[2].width};
    slacks[1] = cache.keys.exact ? nullptr : cache.keys.slack.data();
    slacks[2] = cache.values.exact ? nullptr : cache.values.slack.data();
  }
  if (attention_is_left_ && std::holds_alternative<Attend>(op.action)) known = false;
  if (reads_choice(op.action)) {
    // The experts' numbers are all that is read of the choice.
    known = values_[static_cast<size_t>(op.inputs[0])].known && !in.chosen.empty();
    slacks.back() = nullptr;
  }
  const bool inputs_known = known;
  if (here && !has_to_be_expected(index)) known = false;
  KnownValue expected;
  expected.known = false;
  if (known) {
    const Rounding rounding = arithmetic_.rounding(op.action, positions_);
    expected = expect(op.action, in, slacks, width, rounding, pool_, &chosen_[to]);
  }
  if (of_router_[index] && inputs_known && !look_) estimate(index, in, slacks);
  if (std::holds_alternative<ChooseExperts>(op.action)) route(index, in, expected);
  if (forced_ && inputs_known && !look_)
    forced_->take(index, in, chosen_[to], arithmetic_.rounding(op.action, positions_), pool_);
  // What attention makes of turned values is turned back before anybody reads it.
  const auto turn_back = [&](KnownValue& value) {
    const auto* attend = std::get_if<Attend>(&op.action);
    if (attend == nullptr) return;
    const AttentionRounding rounding = arithmetic_.rounding(op.action, positions_).attention;
    if (!rounding.turned || rounding.value_codes == CacheCodes::none) return;
    SlackRows rows = turned_rows(value.values.data(), value.lacking(), std::ssize(value.values),
                                 turned_values(attend->head_dim_v));
    value.values = std::move(rows.values);
    value.slack = std::move(rows.slack);
    for (double& off : value.slack) off *= kLimit;  // what is coded next may fall to either side
  };
  if (!here) {
    values_[to] = std::move(expected);
    if (values_[to].known) turn_back(values_[to]);
    return;
  }
  if (expected.known) {
    judge(index, in, expected);
    if (fit_ != nullptr) try_arithmetics(index, in);
    if (look_ && index == looked_at_) look(index, in);
  }
  values_[to].known = true;
  std::vector<double>().swap(values_[to].slack);
  values_[to].values.assign(arrived_[index].begin(), arrived_[index].end());
  if (rounded_when_shown_) {
    for (const double value : values_[to].values)
      values_[to].slack.push_back(std::abs(value) * kRoundoff + kSmallest);
  }
  std::vector<float>().swap(arrived_[index]);
  turn_back(values_[to]);
}

void Judge::CacheRows::add(const OracleRows& more, const double* off, int64_t positions) {
  const int64_t size = positions * more.width;
  rows.insert(rows.end(), more.data, more.data + size);
  slack.resize(rows.size(), 0.0);
  if (off == nullptr) return;
  std::copy_n(off, size, slack.end() - size);
  exact = false;
}

/// A router's value with what rounding may do on the way there, whatever the engine shows of it.
void Judge::estimate(size_t index, const OracleInputs& in,
                     const std::vector<const double*>& slacks) {
  const Op& op = graph_.ops[index];
  OracleInputs inputs = in;
  std::vector<const double*> off = slacks;
  if (const auto before = estimates_.find(op.inputs[0]); before != estimates_.end()) {
    inputs.values[0].data = before->second.values.data();
    off[0] = before->second.lacking();
  }
  estimates_[op.output] = expect(op.action, inputs, off, graph_.width(op.output),
                                 arithmetic_.rounding(op.action, positions_), pool_, nullptr);
}

/// The experts are those that the engine says, where it does, and else those that follow from what
/// it chose by.
void Judge::route(size_t index, const OracleInputs& in, KnownValue& expected) {
  const Op& op = graph_.ops[index];
  const auto& how = std::get<ChooseExperts>(op.action);
  const auto used = static_cast<size_t>(how.used);
  const auto n = static_cast<size_t>(graph_.width(op.inputs[0]));
  std::vector<int32_t>& chosen = chosen_[static_cast<size_t>(op.output)];
  const std::vector<int32_t>& ranking = rankings_[index];
  if (ranking.size() == static_cast<size_t>(in.positions) * n) {
    chosen.clear();
    for (size_t at = 0; at < ranking.size(); at += n)
      chosen.insert(chosen.end(), &ranking[at], &ranking[at] + used);
    if (std::ranges::find(chosen, kNoExpert) != chosen.end()) chosen.clear();
  }
  const KnownValue& by = values_[static_cast<size_t>(op.inputs[0])];
  if (ranking.empty() && !expected.known) chosen.clear();  // they hang on what is not known
  if (chosen.empty() || !by.known) return;
  expected.known = true;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const size_t from = i / used * n + static_cast<size_t>(chosen[i]);
    expected.values[i] = by.values[from];
    expected.slack[i] = by.slack.empty() ? 0.0 : by.slack[from];
  }
  const auto estimate = estimates_.find(op.inputs[0]);
  if (estimate == estimates_.end()) return;
  LocalError& worst = errors_[index];
  for (size_t p = 0; p < static_cast<size_t>(in.positions); ++p) {
    const std::span<const int32_t> mine(&chosen[p * used], used);
    const ChoiceMargin margin = margin_of(how, &estimate->second.values[p * n],
                                          &estimate->second.slack[p * n], in.values[0].width, mine);
    const auto position = static_cast<int32_t>(in.first) + static_cast<int32_t>(p);
    routing_[{static_cast<int32_t>(op.layer), position}] = {{mine.begin(), mine.end()},
                                                            margin.units()};
    if (worst.position >= 0 && -margin.units() <= worst.units) continue;
    worst = {.units = std::max(0.0, -margin.units()),
             .position = position,
             .element = margin.slot,
             .value = margin.chosen,
             .expected = std::max(margin.chosen, margin.left_out),
             .bound = margin.bound};
  }
  judged_[index] = ranked_[index] || shown_[index];
}

void Judge::judge(size_t op, const OracleInputs& in, const KnownValue& expected) {
  const LocalError error =
      local_error(arrived_[op].data(), expected, in.first, graph_.width(graph_.ops[op].output));
  judged_[op] = true;
  if (error.position >= 0 && (errors_[op].position < 0 || error.units > errors_[op].units))
    errors_[op] = error;
}

std::vector<AttentionRounding> Judge::attention_candidates(const Attend& how) const {
  const auto [keys, values] = codes_of_cache_;
  if (keys == CacheCodes::none && values == CacheCodes::none) {
    return {AttentionRounding::none,     AttentionRounding::cache_f16,
            AttentionRounding::all_f16,  AttentionRounding::sums_f16,
            AttentionRounding::all_bf16, AttentionRounding::queries_bf16};
  }
  AttentionRounding coded{.key_codes = keys, .value_codes = values};
  std::vector<AttentionRounding> all;
  for (const bool turned : {false, true}) {
    if (turned && turned_keys(how.head_dim_k) == 0 && turned_values(how.head_dim_v) == 0) continue;
    coded.turned = turned;
    coded.grid = keys == CacheCodes::none ? Grid::f16 : Grid::none;
    coded.queries = keys == CacheCodes::none;
    all.push_back(coded);
    if (values != CacheCodes::none) continue;
    for (AttentionRounding of_values :
         {AttentionRounding::cache_f16, AttentionRounding::all_f16, AttentionRounding::sums_f16}) {
      of_values.key_codes = keys;
      of_values.turned = turned;
      all.push_back(of_values);
    }
  }
  return all;
}

void Judge::try_arithmetics(size_t index, const OracleInputs& in) {
  const Op& op = graph_.ops[index];
  const int64_t width = graph_.width(op.output);
  const float* value = arrived_[index].data();
  const auto units = [&](const Action& action, const OracleInputs& inputs, const float* rows,
                         int64_t columns, const Rounding& rounding) {
    const KnownValue expected = expect(action, inputs, {}, columns, rounding, pool_, nullptr);
    return local_error(rows, expected, inputs.first, columns).units;
  };
  if (const auto* product = std::get_if<MatMul>(&op.action)) {
    const Matrix& matrix = product->matrix;
    if (in.values[0].width != matrix.cols) return;
    const int64_t rows = std::min(matrix.rows, kSampledRows);
    const int64_t begin = (matrix.rows - rows) / 2;
    std::vector<float> sample;
    for (int64_t p = 0; p < in.positions; ++p)
      sample.insert(sample.end(), value + p * width + begin, value + p * width + begin + rows);
    for (const ProductRounding rounding : candidates(matrix.format->activation)) {
      fit_->add(matrix.format->type, rounding,
                units(MatMul{part_of(matrix, begin, rows)}, in, sample.data(), rows,
                      {.product = rounding}));
    }
  } else if (std::holds_alternative<Attend>(op.action)) {
    // The last query sees most.
    OracleInputs last = in;
    last.first = in.first + in.positions - 1;
    last.positions = 1;
    last.values[0].data = in.values[0].row(in.positions - 1);
    for (const AttentionRounding& rounding : attention_candidates(std::get<Attend>(op.action))) {
      fit_->add(positions_ >= EngineArithmetic::kWideChunk, rounding,
                units(op.action, last, value + (in.positions - 1) * width, width,
                      {.attention = rounding}));
    }
  } else if (const auto* activate = std::get_if<Activate>(&op.action);
             activate != nullptr && activate->kind == Activation::gelu) {
    for (const GeluRounding rounding : {GeluRounding::none, GeluRounding::f16})
      fit_->add(rounding, units(op.action, in, value, width, {.gelu = rounding}));
  }
}

void Judge::look(size_t index, const OracleInputs& in) const {
  const Op& op = graph_.ops[index];
  Sight sight{in, arrived_[index].data(), graph_.width(op.output)};
  sight.chunks = chunks_;
  sight.chosen = chosen_;
  sight.shown.resize(values_.size());
  for (size_t i = 0; i < index; ++i) {
    const auto value = static_cast<size_t>(graph_.ops[i].output);
    if (shown_[i] && values_[value].known && !values_[value].values.empty())
      sight.shown[value] = &values_[value];
  }
  look_(sight);
}

void Judge::release(size_t index) {
  const Op& op = graph_.ops[index];
  // What a mistake may have read instead is kept.
  if (look_ && index < looked_at_ && op.layer >= graph_.ops[looked_at_].layer - kLayersKept) return;
  const auto free = [&](ValueId id) {
    const auto at = static_cast<size_t>(id);
    if (last_uses_[at] > index) return;
    std::vector<double>().swap(values_[at].values);  // = {} would keep the memory
    std::vector<double>().swap(values_[at].slack);
    chosen_[at].clear();
  };
  for (const ValueId input : op.inputs) free(input);
  free(op.output);
}

}  // namespace crossval
