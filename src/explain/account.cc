#include "explain/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "explain/cache_codes.h"
#include "explain/kind_words.h"
#include "explain/trace_file.h"
#include "explain/units.h"

namespace crossval {
namespace {

Error stopped() { return {ExitCode::interrupted, "interrupted", {}, {}}; }

/// Or reads what that made, which may be turned back in between.
bool of_attention(const Op& op) {
  return std::holds_alternative<Attend>(op.action) || op.role == Role::attn_out;
}

bool may_be_coded(const std::string& type) {
  return !type.empty() && type != "f16" && type != "f32" && type != "bf16" && type != "f64";
}

/// Of the head's values the last row is enough.
void keep(EngineValues& kept, size_t op, const TraceTensor& tensor, bool head) {
  const auto to = kept.find(op);
  if (to == kept.end()) return;
  if (head) to->second.clear();
  const auto rows = head ? tensor.data.last(static_cast<size_t>(tensor.width)) : tensor.data;
  to->second.insert(to->second.end(), rows.begin(), rows.end());
}

}  // namespace

Account::Account(const Truth& truth, std::span<const TokenId> ids, Range layers, Engine& engine,
                 ThreadPool& pool, const std::stop_token& stop)
    : truth_(truth),
      ids_(ids),
      layers_(layers),
      engine_(engine),
      map_(truth.graph, truth.names),
      judge_(truth.graph, map_, ids, pool),
      stop_(stop) {
  const EngineSettings& settings = engine.info().settings;
  if (has_coded_cache()) {
    judge_.expect_cache(cache_codes(settings.kv_type_k).value_or(CacheCodes::none),
                        cache_codes(settings.kv_type_v).value_or(CacheCodes::none));
  }
  if (engine.info().identity.isa == kDoublePrecision) judge_.expect_rounding_when_shown();
}

Result<JudgedEngine> Account::run(const std::string& trace_file) {
  if (auto ok = learn(); !ok) return tl::unexpected(ok.error());
  std::unique_ptr<TraceFile> file;
  Tap tap;
  if (!trace_file.empty()) {
    auto created = TraceFile::create(trace_file, truth_.graph, truth_.names, judge_,
                                     std::ssize(ids_), engine_.info());
    if (!created) return tl::unexpected(created.error());
    file = *std::move(created);
    tap = [&](const TraceTensor& tensor) -> Result<bool> {
      if (auto ok = file->add(tensor); !ok) return tl::unexpected(ok.error());
      return true;
    };
  }
  ArithmeticFit fit;
  const EngineArithmetic guess;
  if (auto ok = trace(guess, &fit, truth_.graph.ops.size(), {}, tap); !ok)
    return tl::unexpected(ok.error());
  if (file) {
    if (auto ok = file->finish(); !ok) return tl::unexpected(ok.error());
  }
  arithmetic_ = fit.best();
  unknown_cache_ = may_be_unknown() && !fit.knows_attention();
  if (unknown_cache_) judge_.leave_attention();
  if (unknown_cache_ || needs_another_look()) {
    judge_.begin_again(arithmetic_);
    if (auto ok = show({}); !ok) return tl::unexpected(ok.error());
  }
  JudgedEngine judged = summary();
  judged.arithmetic = fit.report();
  if (unknown_cache_) {
    const EngineSettings& settings = engine_.info().settings;
    judged.info.warnings.push_back(
        {"attention-not-judged",
         fmt::format("keys in {} and values in {}: what attention makes of them is not judged, "
                     "nor what its output projection makes of that",
                     settings.kv_type_k, settings.kv_type_v)});
  }
  last_rows_ = judge_.last_rows();
  return judged;
}

Result<JudgedEngine> Account::run_closed() {
  last_rows_.assign(truth_.graph.ops.size(), {});
  auto done = engine_.evaluate({.ids = ids_, .rows = Rows::last}, [&](int32_t, const Row& row) {
    last_rows_.back().assign(row.logits.begin(), row.logits.end());
    return !stop_.stop_requested();
  });
  if (!done) return tl::unexpected(done.error());
  if (stop_.stop_requested()) return tl::unexpected(stopped());
  judge_.begin({}, nullptr, truth_.graph.ops.size(), {});
  return summary();
}

Result<void> Account::look_at(size_t op, const Judge::Look& look, EngineValues& kept) {
  TraceMap map(truth_.graph, truth_.names);
  const size_t last = kept.empty() ? op : std::max(op, kept.rbegin()->first);
  return trace(arithmetic_, nullptr, op, look, [&](const TraceTensor& tensor) -> Result<bool> {
    const auto seen = map.op_of(tensor);
    if (seen && judge_.shows(*seen)) keep(kept, *seen, tensor, *seen >= truth_.graph.head);
    // Nothing that comes now is asked for.
    const bool last_chunk = tensor.first_position + tensor.positions == std::ssize(ids_);
    return !last_chunk || !judge_.is_past(last);
  });
}

Result<std::map<size_t, std::vector<float>>> Account::rows_at(
    const std::map<size_t, int32_t>& positions) const {
  std::vector<std::string> names;
  for (const auto& [op, position] : positions)
    if (judge_.shows(op)) names.push_back(truth_.names[op].result.name);
  std::map<size_t, std::vector<float>> rows;
  if (names.empty()) return rows;
  TraceMap map(truth_.graph, truth_.names);
  auto done =
      engine_.trace({.ids = ids_, .selection = {.names = names}}, [&](const TraceTensor& tensor) {
        const auto op = map.op_of(tensor);
        const auto wanted = op ? positions.find(*op) : positions.end();
        if (wanted == positions.end()) return !stop_.stop_requested();
        const auto row = wanted->second - tensor.first_position;
        if (0 <= row && row < tensor.positions) {
          const auto values = tensor.data.subspan(static_cast<size_t>(row * tensor.width),
                                                  static_cast<size_t>(tensor.width));
          rows[*op].assign(values.begin(), values.end());
        }
        return !stop_.stop_requested();
      });
  if (!done) return tl::unexpected(done.error());
  if (stop_.stop_requested()) return tl::unexpected(stopped());
  return rows;
}

Result<void> Account::learn() {
  // What the first of the layers is computed from lies in the one before it.
  Range shown = layers_;
  if (shown.first > std::numeric_limits<int32_t>::min()) --shown.first;
  std::set<std::string> wanted;
  auto done = engine_.trace({.ids = ids_.first(1)}, [&](const TraceTensor& tensor) {
    const auto choice = map_.ranked_by(tensor);
    const auto op = choice ? choice : map_.op_of(tensor);
    if (!op && !map_.is_inner(tensor))
      without_partner_.push_back(label_of(tensor.name, tensor.op, tensor.occurrence));
    if (!op) return !stop_.stop_requested();
    const auto layer = static_cast<int32_t>(truth_.graph.ops[*op].layer);
    const bool here = layer < 0 || shown.contains(layer);
    // Nodes that are told apart by counting them have to be all there.
    const bool counted =
        !choice && map_.label(*op) != label_of(tensor.name, tensor.op, tensor.occurrence);
    if (here || counted) wanted.insert(tensor.name);
    if (here && choice) judge_.learn_ranking(*op);
    if (here && !choice) judge_.learn(*op);
    return !stop_.stop_requested();
  });
  if (!done) return tl::unexpected(done.error());
  if (stop_.stop_requested()) return tl::unexpected(stopped());
  judge_.forget_ambiguous();
  wanted_.assign(wanted.begin(), wanted.end());
  return {};
}

Result<void> Account::trace(const EngineArithmetic& arithmetic, ArithmeticFit* fit,
                            size_t looked_at, const Judge::Look& look, const Tap& tap) {
  judge_.begin(arithmetic, fit, looked_at, look);
  return show(tap);
}

Result<void> Account::show(const Tap& tap) {
  Result<bool> tapped = true;  // whether it goes on
  auto done =
      engine_.trace({.ids = ids_, .selection = {.names = wanted_}}, [&](const TraceTensor& tensor) {
        judge_.take(tensor);
        if (tap) tapped = tap(tensor);
        return tapped && *tapped && !stop_.stop_requested();
      });
  if (!tapped) return tl::unexpected(tapped.error());
  if (!done) return tl::unexpected(done.error());
  if (stop_.stop_requested()) return tl::unexpected(stopped());
  if (*tapped) judge_.end();
  return {};
}

/// The first look took what the formats declare for granted.
bool Account::needs_another_look() const {
  for (const auto& [type, rounding] : arithmetic_.products)
    if (rounding != kDeclared.product) return true;
  for (const auto& [wide, rounding] : arithmetic_.attention)
    if (rounding != kDeclared.attention) return true;
  return arithmetic_.gelu != kDeclared.gelu;
}

JudgedEngine Account::summary() const {
  JudgedEngine judged;
  judged.info = engine_.info();
  judged.without_partner = without_partner_;
  for (size_t i = 0; i < truth_.graph.ops.size(); ++i) {
    const Op& op = truth_.graph.ops[i];
    JudgedOperation operation;
    operation.tensor = map_.label(i);
    operation.kind = kind_words(op.action);
    operation.weight = truth_.names[i].result.weight;
    operation.layer = static_cast<int32_t>(op.layer);
    operation.asked = op.layer < 0 || layers_.contains(operation.layer);
    operation.shown = judge_.shows(i) || judge_.shows_ranking(i);
    operation.judged =
        operation.asked && judge_.judged()[i] && !(unknown_cache_ && of_attention(op));
    operation.error = judge_.errors()[i];
    judged.asked += operation.asked;
    judged.shown += operation.asked && operation.shown;
    judged.judged += operation.judged;
    if (operation.judged && operation.error.units > kLimit) {
      ++judged.beyond;
      if (!judged.first_beyond) judged.first_beyond = i;
    } else if (operation.judged) {
      judged.worst_healthy = std::max(judged.worst_healthy, operation.error.units);
    }
    judged.operations.push_back(std::move(operation));
  }
  for (const auto& [at, routed] : judge_.routing())
    if (layers_.contains(at.first)) judged.routing.insert({at, routed});
  return judged;
}

bool Account::has_coded_cache() const {
  const EngineSettings& settings = engine_.info().settings;
  return may_be_coded(settings.kv_type_k) || may_be_coded(settings.kv_type_v);
}

bool Account::may_be_unknown() const {
  const EngineSettings& settings = engine_.info().settings;
  const auto is_declared = [](const std::string& type) { return type.empty() || type == "f16"; };
  if (has_coded_cache() || settings.kv_type_k != settings.kv_type_v) return true;
  const bool shows_attention = std::ranges::any_of(truth_.graph.ops, [&](const Op& op) {
    return std::holds_alternative<Attend>(op.action) &&
           judge_.shows(static_cast<size_t>(&op - truth_.graph.ops.data()));
  });
  return !shows_attention && !is_declared(settings.kv_type_k);
}

}  // namespace crossval
