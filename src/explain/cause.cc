#include "explain/cause.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "explain/expectation.h"
#include "explain/routing.h"
#include "explain/units.h"
#include "graph/edit.h"
#include "graph/mistakes.h"

namespace crossval {
namespace {

constexpr int kDeepest = 8;  // operations between what the engine showed and what it made of it

bool fits(const Action& action, int64_t columns, int64_t width) {
  const auto* product = std::get_if<MatMul>(&action);
  return product == nullptr || (columns % product->matrix.cols == 0 &&
                                columns / product->matrix.cols * product->matrix.rows == width);
}

/// The cache as a mistake at the borders of chunks leaves it, in the place of what `in` has.
class Overwritten {
 public:
  Overwritten(const Action& action, OracleInputs& in, std::span<const int64_t> chunks) {
    const auto* attend = std::get_if<Attend>(&action);
    if (attend == nullptr || attend->border != ChunkBorder::overwritten) return;
    replace(in.keys, keys_, in.first + in.positions, chunks);
    replace(in.values_of_keys, values_, in.first + in.positions, chunks);
  }

 private:
  static void replace(OracleRows& rows, std::vector<double>& copy, int64_t n,
                      std::span<const int64_t> chunks) {
    copy.assign(rows.data, rows.data + n * rows.width);
    for (const int64_t first : chunks) {
      if (first == 0) continue;
      const double* row = rows.row(first);
      std::copy_n(row, rows.width, copy.data() + (first - 1) * rows.width);
    }
    rows.data = copy.data();
  }

  std::vector<double> keys_, values_;
};

/// Computes values of an edited graph from what the engine showed.
class EditedGraph {
 public:
  EditedGraph(const Graph& graph, const Judge::Sight& sight, const EngineArithmetic& arithmetic,
              ThreadPool& pool)
      : graph_(graph), sight_(sight), arithmetic_(arithmetic), pool_(pool) {}

  /// Nothing where it needs more than was shown.
  std::optional<KnownValue> value(ValueId id, int depth = 0) {
    const size_t writer = writer_of(graph_, id);
    // Which experts were chosen is not in the value that was shown.
    if (writer < graph_.ops.size() &&
        std::holds_alternative<ChooseExperts>(graph_.ops[writer].action))
      return made_by(graph_.ops[writer], depth);
    if (id < std::ssize(sight_.shown) && sight_.shown[static_cast<size_t>(id)] != nullptr) {
      const KnownValue& shown = *sight_.shown[static_cast<size_t>(id)];
      // Of the positions that are looked at, which are the last ones.
      const auto size = static_cast<size_t>(sight_.in.positions * graph_.width(id));
      if (shown.values.size() < size) return std::nullopt;
      return KnownValue{
          {shown.values.end() - static_cast<int64_t>(size), shown.values.end()}, {}, true};
    }
    if (depth == kDeepest || writer >= graph_.ops.size()) return std::nullopt;
    return made_by(graph_.ops[writer], depth);
  }

  std::optional<KnownValue> made_by(const Op& op, int depth = 0) {
    std::vector<KnownValue> inputs;
    for (const ValueId input : op.inputs) {
      auto found = value(input, depth + 1);
      if (!found) return std::nullopt;
      inputs.push_back(*std::move(found));
    }
    OracleInputs in = sight_.in;
    in.values.clear();
    std::vector<const double*> slacks;
    for (size_t i = 0; i < inputs.size(); ++i) {
      in.values.push_back({inputs[i].values.data(), graph_.width(op.inputs[i])});
      slacks.push_back(inputs[i].lacking());
      if (const auto chosen = chosen_.find(op.inputs[i]); chosen != chosen_.end())
        in.chosen = chosen->second;
    }
    const int64_t width = graph_.width(op.output);
    if (reads_choice(op.action) && in.chosen.empty()) return std::nullopt;
    if (!inputs.empty() && !fits(op.action, in.values[0].width, width)) return std::nullopt;
    if (std::holds_alternative<Attend>(op.action) && in.first == 0) {
      in.keys = in.values[1];
      in.values_of_keys = in.values[2];
    } else if (std::holds_alternative<Attend>(op.action) && in.keys.data == nullptr) {
      return std::nullopt;
    }
    const Overwritten cache(op.action, in, sight_.chunks);
    const Rounding rounding = arithmetic_.rounding(op.action, in.positions);
    KnownValue made = expect(op.action, in, slacks, width, rounding, pool_, &chosen_[op.output]);
    if (chosen_[op.output].empty()) chosen_.erase(op.output);
    if (const auto* how = std::get_if<ChooseExperts>(&op.action))
      keep_ties(*how, op.output, inputs[0], made);
    if (!made.known) return std::nullopt;
    return made;
  }

 private:
  /// The engine's own choice, where it is as good a one as rounding can tell.
  void keep_ties(const ChooseExperts& how, ValueId id, const KnownValue& by, KnownValue& made) {
    const auto at = static_cast<size_t>(id);
    if (how.offset != 0 || by.slack.empty() || at >= sight_.chosen.size()) return;
    const std::vector<int32_t>& theirs = sight_.chosen[at];
    const auto used = static_cast<size_t>(how.used);
    if (theirs.size() != made.values.size()) return;
    const size_t n = by.values.size() / (theirs.size() / used);
    for (size_t p = 0; p < theirs.size() / used; ++p) {
      const ChoiceMargin margin =
          margin_of(how, &by.values[p * n], &by.slack[p * n], static_cast<int64_t>(n),
                    std::span(theirs).subspan(p * used, used));
      if (margin.units() < -kLimit) return;
    }
    for (size_t i = 0; i < theirs.size(); ++i)
      made.values[i] = by.values[i / used * n + static_cast<size_t>(theirs[i])];
    chosen_[id] = theirs;
    made.known = true;
  }

  const Graph& graph_;
  const Judge::Sight& sight_;
  const EngineArithmetic& arithmetic_;
  ThreadPool& pool_;
  std::map<ValueId, std::vector<int32_t>> chosen_;  // by ChooseExperts' value
};

/// What the readers of an operation that was taken out read instead; its first input where nobody
/// reads it.
std::optional<ValueId> read_instead(const Graph& edited, const Graph& graph, const Op& original) {
  for (const Op& reader : graph.ops) {
    const auto at = std::ranges::find(reader.inputs, original.output);
    if (at == reader.inputs.end()) continue;
    const size_t now = writer_of(edited, reader.output);
    const auto input = static_cast<size_t>(at - reader.inputs.begin());
    if (now < edited.ops.size() && input < edited.ops[now].inputs.size())
      return edited.ops[now].inputs[input];
  }
  if (original.inputs.empty()) return std::nullopt;
  return original.inputs.front();
}

/// What the edited graph makes in the place of the operation: its value, what was put on top of it,
/// or what its readers read instead.
std::optional<KnownValue> value_under(const Graph& edited, const Graph& graph, const Op& original,
                                      EditedGraph& values) {
  size_t at = writer_of(edited, original.output);
  if (at >= edited.ops.size()) {
    const auto instead = read_instead(edited, graph, original);
    return instead ? values.value(*instead) : std::nullopt;
  }
  // New values in the same role stand for it.
  while (at + 1 < edited.ops.size() && edited.ops[at + 1].layer == original.layer &&
         edited.ops[at + 1].role == original.role &&
         edited.ops[at + 1].output >= std::ssize(graph.widths) &&
         std::ranges::find(edited.ops[at + 1].inputs, edited.ops[at].output) !=
             edited.ops[at + 1].inputs.end()) {
    ++at;
  }
  return values.made_by(edited.ops[at]);
}

/// Whether the engine computed an operation before this one rightly that the mistake changes too:
/// then it did not make that mistake, though it looks like it here.
bool contradicted(const Graph& edited, const Graph& graph, size_t op, const Judge::Sight& sight,
                  EditedGraph& right, EditedGraph& under) {
  for (size_t i = 0; i < op; ++i) {
    const Op& before = graph.ops[i];
    const auto id = static_cast<size_t>(before.output);
    if (before.layer < graph.ops[op].layer - 1 || sight.shown[id] == nullptr) continue;
    const size_t at = writer_of(edited, before.output);
    if (at >= edited.ops.size()) continue;
    const auto as_is = right.made_by(before);
    const auto bent = as_is ? under.made_by(edited.ops[at]) : std::nullopt;
    if (!bent || bent->values == as_is->values || bent->values.size() != as_is->values.size())
      continue;
    const auto& all = sight.shown[id]->values;
    const std::vector<float> shown(all.end() - std::ssize(as_is->values), all.end());
    const int64_t width = graph.width(before.output);
    if (local_error(shown.data(), *as_is, sight.in.first, width).units <= kLimit &&
        local_error(shown.data(), *bent, sight.in.first, width).units > kLimit)
      return true;
  }
  return false;
}

/// The operation itself; then its layer, those that its inputs come from, and their neighbours.
std::vector<Scope> scopes_around(const Graph& graph, const Op& original) {
  std::vector<Scope> scopes{{.layer = original.layer, .role = original.role}};
  std::vector<int64_t> layers{original.layer};
  for (const ValueId input : original.inputs)
    layers.push_back(graph.ops[writer_of(graph, input)].layer);
  const std::vector<int64_t> own = layers;
  for (const int64_t layer : own) {
    layers.push_back(layer - 1);
    layers.push_back(layer + 1);
  }
  for (const int64_t layer : layers) {
    if (layer < -1) continue;
    const bool there = std::ranges::any_of(
        scopes, [&](const Scope& scope) { return !scope.role && scope.layer == layer; });
    if (!there) scopes.push_back({.layer = layer, .role = {}});
  }
  return scopes;
}

bool is_gelu(const Op& op) {
  const auto* activate = std::get_if<Activate>(&op.action);
  return activate != nullptr && activate->kind == Activation::gelu;
}

}  // namespace

CauseSearch::CauseSearch(const Graph& graph, size_t op, const EngineArithmetic& arithmetic,
                         ThreadPool& pool)
    : graph_(graph), op_(op), arithmetics_({arithmetic}), pool_(pool), tried_(mistakes().size()) {
  const bool activates = std::holds_alternative<Activate>(graph.ops[op].action);
  if (!activates && std::ranges::any_of(graph.ops, is_gelu)) return;
  arithmetics_.push_back(arithmetic);
  arithmetics_.back().gelu =
      arithmetic.gelu == GeluRounding::f16 ? GeluRounding::none : GeluRounding::f16;
}

void CauseSearch::look(const Judge::Sight& sight) {
  const Op& original = graph_.ops[op_];
  EditedGraph unchanged(graph_, sight, arithmetics_[0], pool_);
  const auto right = unchanged.made_by(original);
  const auto size = static_cast<size_t>(sight.in.positions * sight.width);
  const std::vector<Scope> scopes = scopes_around(graph_, original);
  for (size_t i = 0; i < tried_.size(); ++i) {
    std::optional<double> least;  // units left, in the scope that leaves the fewest
    for (const Scope& scope : scopes) {
      Graph edited = graph_;
      if (!mistakes()[i].edit(edited, scope)) continue;
      for (const EngineArithmetic& arithmetic : arithmetics_) {
        EditedGraph values(edited, sight, arithmetic, pool_);
        const auto under = value_under(edited, graph_, original, values);
        // An edit of something else says nothing of this operation.
        if (!under || under->values.size() != size) continue;
        if (right && under->values == right->values) continue;
        const double units = local_error(sight.value, *under, sight.in.first, sight.width).units;
        if (units <= kLimit && contradicted(edited, graph_, op_, sight, unchanged, values))
          continue;
        least = std::min(units, least.value_or(units));
      }
      if (least && *least <= kLimit) break;
    }
    if (least) tried_[i] = std::max(*least, tried_[i].value_or(0));
  }
}

void CauseSearch::finish(Explanation& result) const {
  for (size_t i = 0; i < tried_.size(); ++i) {
    if (!tried_[i]) continue;
    ++result.mistakes_tried;
    const Mistake& mistake = mistakes()[i];
    if (*tried_[i] <= kLimit)
      result.causes.push_back({std::string(mistake.name), std::string(mistake.what), *tried_[i]});
  }
  std::ranges::sort(result.causes, {}, &FoundCause::units);
}

}  // namespace crossval
