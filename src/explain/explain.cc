#include "explain/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "compare/row_metrics.h"
#include "explain/cache_codes.h"
#include "explain/cause.h"
#include "explain/judge.h"
#include "explain/kind_words.h"
#include "explain/units.h"
#include "graph/decoder.h"
#include "graph/upstream_names.h"
#include "model/model.h"
#include "oracle/executor.h"

namespace crossval {
namespace {

/// The model that both engines should have computed.
struct Truth {
  std::unique_ptr<Model> model;
  Graph graph;
  std::vector<OpNames> names;
};

constexpr double kEnoughJudged = 0.5;  // of the operations, to acquit an engine

Error stopped() { return {ExitCode::interrupted, "interrupted", {}, {}}; }

/// One engine's part of the run.
class Account {
 public:
  Account(const Truth& truth, std::span<const TokenId> ids, Engine& engine, ThreadPool& pool,
          const std::stop_token& stop)
      : truth_(truth),
        ids_(ids),
        engine_(engine),
        map_(truth.graph, truth.names),
        judge_(truth.graph, map_, ids, pool),
        stop_(stop) {
    const EngineSettings& settings = engine.info().settings;
    if (may_be_coded(settings.kv_type_k) || may_be_coded(settings.kv_type_v)) {
      judge_.expect_cache(cache_codes(settings.kv_type_k).value_or(CacheCodes::none),
                          cache_codes(settings.kv_type_v).value_or(CacheCodes::none));
    }
  }

  Result<JudgedEngine> run() {
    if (auto ok = learn(); !ok) return tl::unexpected(ok.error());
    ArithmeticFit fit;
    EngineArithmetic guess;
    if (auto ok = trace(guess, &fit, truth_.graph.ops.size(), {}); !ok)
      return tl::unexpected(ok.error());
    arithmetic_ = fit.best();
    unknown_cache_ = has_coded_cache() && !fit.knows_attention();
    if (needs_another_look()) {
      if (auto ok = trace(arithmetic_, nullptr, truth_.graph.ops.size(), {}); !ok)
        return tl::unexpected(ok.error());
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

  /// Calls `look` with what the engine computed an operation from and what it made of it; fills in
  /// the values whose operations are named in `kept`.
  Result<void> look_at(size_t op, const Judge::Look& look, EngineValues& kept) {
    kept_ = &kept;
    auto done = trace(arithmetic_, nullptr, op, look);
    kept_ = nullptr;
    return done;
  }

  const std::vector<std::vector<float>>& last_rows() const { return last_rows_; }
  /// Of the last position; empty where the engine does not show them.
  const std::vector<float>& logits() const { return last_rows_.back(); }
  const EngineArithmetic& arithmetic() const { return arithmetic_; }

 private:
  Result<void> learn() {
    if (!engine_.info().capabilities.trace) {
      return fail(ExitCode::usage, "the engine cannot show its tensors",
                  "engine " + engine_.info().identity.name);
    }
    std::set<std::string> wanted;
    auto done = engine_.trace({.ids = ids_.first(1)}, [&](const TraceTensor& tensor) {
      if (map_.op_of(tensor)) wanted.insert(tensor.name);
      judge_.learn(tensor);
      return !stop_.stop_requested();
    });
    if (!done) return tl::unexpected(done.error());
    if (stop_.stop_requested()) return tl::unexpected(stopped());
    judge_.forget_ambiguous();
    wanted_.assign(wanted.begin(), wanted.end());
    return {};
  }

  Result<void> trace(const EngineArithmetic& arithmetic, ArithmeticFit* fit, size_t looked_at,
                     const Judge::Look& look) {
    judge_.begin(arithmetic, fit, looked_at, look);
    TraceMap kept_map(truth_.graph, truth_.names);
    auto done = engine_.trace({.ids = ids_, .selection = {.names = wanted_}},
                              [&](const TraceTensor& tensor) {
                                judge_.take(tensor);
                                if (kept_ != nullptr) keep(kept_map, tensor);
                                return !stop_.stop_requested();
                              });
    if (!done) return tl::unexpected(done.error());
    if (stop_.stop_requested()) return tl::unexpected(stopped());
    judge_.end();
    return {};
  }

  /// Of the head's values the last row is enough.
  void keep(TraceMap& map, const TraceTensor& tensor) {
    const auto op = map.op_of(tensor);
    if (!op || !judge_.shows(*op)) return;
    const auto to = kept_->find(*op);
    if (to == kept_->end()) return;
    const bool head = *op >= truth_.graph.head;
    if (head) to->second.clear();
    const auto rows = head ? tensor.data.last(static_cast<size_t>(tensor.width)) : tensor.data;
    to->second.insert(to->second.end(), rows.begin(), rows.end());
  }

  /// The first look took what the formats declare for granted.
  bool needs_another_look() const {
    for (const auto& [type, rounding] : arithmetic_.products)
      if (rounding != kDeclared.product) return true;
    for (const auto& [wide, rounding] : arithmetic_.attention)
      if (rounding != kDeclared.attention) return true;
    return arithmetic_.gelu != kDeclared.gelu;
  }

  JudgedEngine summary() const {
    JudgedEngine judged;
    judged.info = engine_.info();
    for (size_t i = 0; i < truth_.graph.ops.size(); ++i) {
      const Op& op = truth_.graph.ops[i];
      JudgedOperation operation;
      operation.tensor = map_.label(i);
      operation.kind = kind_words(op.action);
      operation.weight = truth_.names[i].result.weight;
      operation.layer = static_cast<int32_t>(op.layer);
      operation.shown = judge_.shows(i);
      operation.judged = judge_.judged()[i] && !(unknown_cache_ && of_attention(op));
      operation.error = judge_.errors()[i];
      judged.shown += operation.shown;
      judged.judged += operation.judged;
      if (operation.judged && operation.error.units > kLimit) {
        ++judged.beyond;
        if (!judged.first_beyond) judged.first_beyond = i;
      } else if (operation.judged) {
        judged.worst_healthy = std::max(judged.worst_healthy, operation.error.units);
      }
      judged.operations.push_back(std::move(operation));
    }
    return judged;
  }

  /// Or reads what that made, which may be turned back in between.
  static bool of_attention(const Op& op) {
    return std::holds_alternative<Attend>(op.action) || op.role == Role::attn_out;
  }
  static bool may_be_coded(const std::string& type) {
    return !type.empty() && type != "f16" && type != "f32" && type != "bf16" && type != "f64";
  }
  bool has_coded_cache() const {
    const EngineSettings& settings = engine_.info().settings;
    return may_be_coded(settings.kv_type_k) || may_be_coded(settings.kv_type_v);
  }

  const Truth& truth_;
  std::span<const TokenId> ids_;
  Engine& engine_;
  TraceMap map_;
  Judge judge_;
  const std::stop_token& stop_;
  std::vector<std::string> wanted_;
  EngineArithmetic arithmetic_;
  bool unknown_cache_ = false;  // in codes that are none of attention's known arithmetics
  EngineValues* kept_ = nullptr;
  std::vector<std::vector<float>> last_rows_;
};

Blame blame_of(const JudgedEngine& candidate, const JudgedEngine& reference, std::string& why) {
  const bool candidate_wrong = candidate.beyond > 0;
  const bool reference_wrong = reference.beyond > 0;
  if (candidate_wrong && reference_wrong) return Blame::both;
  if (candidate_wrong) return Blame::candidate;
  if (reference_wrong) return Blame::reference;
  for (const JudgedEngine* engine : {&candidate, &reference}) {
    const auto all = std::ssize(engine->operations);
    if (static_cast<double>(engine->judged) < kEnoughJudged * static_cast<double>(all)) {
      why = fmt::format("{} shows too little: {} of {} operations could be judged",
                        engine->info.identity.name, engine->judged, all);
      return Blame::unknown;
    }
  }
  return Blame::neither;
}

/// Where keys and values are kept in F32, canonical arithmetic keeps them so too.
bool keeps_half(const JudgedEngine& engine) { return engine.info.settings.kv_type_k != "f32"; }

/// What an engine has beyond the limit, and its logits beside the other's.
Suspect suspect_of(const JudgedEngine& engine, double limit) {
  Suspect suspect;
  suspect.op = *engine.first_beyond;
  const int32_t layer = engine.operations[suspect.op].layer;
  for (size_t i = 0; i < engine.operations.size(); ++i) {
    const JudgedOperation& operation = engine.operations[i];
    if (!operation.judged || operation.error.units <= limit) continue;
    if (operation.layer == layer) suspect.values.try_emplace(i);
    suspect.in_several_layers = suspect.in_several_layers || operation.layer != layer;
  }
  return suspect;
}

/// The logits of the last position.
std::vector<float> oracle_row(const Truth& truth, const ExplainPlan& plan,
                              const std::stop_token& stop) {
  OracleExecutor oracle(truth.graph, truth.model->hparams.n_layer, {}, plan.threads);
  std::vector<float> last;
  const auto n = std::ssize(plan.ids);
  oracle.chunk(
      plan.ids, 0, n - 1,
      [&](int64_t, std::span<const float> row) {
        last.assign(row.begin(), row.end());
        return true;
      },
      {}, stop);
  return last;
}

/// How far apart the engines and the oracle are at the last position.
void measure(const Account& ours, const Account& theirs, const std::vector<float>& ideal,
             Explanation& result) {
  const auto& c = ours.last_rows();
  const auto& r = theirs.last_rows();
  if (ours.logits().size() == ideal.size() && theirs.logits().size() == ideal.size()) {
    result.candidate.distance_to_oracle = compare_rows(ours.logits(), ideal).relative_l2;
    result.reference.distance_to_oracle = compare_rows(theirs.logits(), ideal).relative_l2;
    const RowMetrics apart = compare_rows(ours.logits(), theirs.logits());
    result.distance = apart.relative_l2;
    result.identical = apart.identical;
  }
  for (size_t i = 0; i < c.size(); ++i) {
    const bool both = !c[i].empty() && c[i].size() == r[i].size();
    result.accumulated.push_back(both ? compare_rows(c[i], r[i]).relative_l2 : -1);
  }
}

/// Names the mistake on the first operation beyond, and proves what it does to the logits.
Result<void> find_mistake(const ExplainPlan& plan, const Truth& truth, const JudgedEngine& guilty,
                          Account& account, const Account& other, ThreadPool& pool,
                          const std::stop_token& stop, Explanation& result) {
  plan.phase("find the mistake");
  Suspect suspect = suspect_of(guilty, result.limit);
  suspect.guilty = account.logits();
  suspect.other = other.logits();
  CauseSearch search(truth.graph, suspect.op, account.arithmetic(), pool);
  auto looked = account.look_at(
      suspect.op, [&](const Judge::Sight& sight) { search.look(sight); }, suspect.values);
  if (!looked) return looked;
  search.finish(result);
  const auto width = static_cast<size_t>(truth.graph.width(truth.graph.logits));
  if (!plan.canonical || suspect.guilty.size() != width || suspect.other.size() != width) return {};
  plan.phase("prove it");
  auto proof = prove(truth.graph, truth.model->hparams, plan.canonical, keeps_half(guilty),
                     plan.ids, suspect, result.causes, stop);
  if (!proof) return tl::unexpected(proof.error());
  result.proof = *proof;
  return {};
}

}  // namespace

Result<Explanation> explain(const ExplainPlan& plan, Engine& candidate, Engine& reference,
                            const std::stop_token& stop) {
  const auto file = plan.files.open(plan.model_path);
  if (!file) return tl::unexpected(file.error());
  auto model = load_model(*file, plan.i2s_layout);
  if (!model) return tl::unexpected(model.error());
  Truth truth{*std::move(model), {}, {}};
  truth.graph = build_decoder(*truth.model, plan.n_ctx);
  truth.names = upstream_names(truth.graph, *truth.model);
  ThreadPool pool(plan.threads);
  Account ours(truth, plan.ids, candidate, pool, stop);
  Account theirs(truth, plan.ids, reference, pool, stop);
  Explanation result;
  result.model = plan.model_path;
  result.positions = static_cast<int32_t>(plan.ids.size());
  result.limit = kLimit;
  plan.phase("judge candidate");
  auto judged = ours.run();
  if (!judged) return tl::unexpected(judged.error());
  result.candidate = *std::move(judged);
  plan.phase("judge reference");
  judged = theirs.run();
  if (!judged) return tl::unexpected(judged.error());
  result.reference = *std::move(judged);

  plan.phase("oracle");
  const std::vector<float> ideal = oracle_row(truth, plan, stop);
  if (stop.stop_requested()) return tl::unexpected(stopped());
  measure(ours, theirs, ideal, result);
  for (const JudgedEngine* engine : {&result.candidate, &result.reference}) {
    for (const EngineWarning& warning : engine->info.warnings)
      result.warnings.push_back(
          {warning.name, engine->info.identity.name + ": " + warning.message});
  }
  result.blame = blame_of(result.candidate, result.reference, result.why_unknown);
  const bool of_reference = result.blame == Blame::reference;
  const JudgedEngine& guilty = of_reference ? result.reference : result.candidate;
  if (guilty.first_beyond) {
    auto ok = find_mistake(plan, truth, guilty, of_reference ? theirs : ours,
                           of_reference ? ours : theirs, pool, stop, result);
    if (!ok) return tl::unexpected(ok.error());
  }
  return result;
}

}  // namespace crossval
