#include "explain/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "compare/row_metrics.h"
#include "explain/account.h"
#include "explain/by_logits.h"
#include "explain/cause.h"
#include "explain/reproduce.h"
#include "explain/routing.h"
#include "explain/units.h"
#include "graph/decoder.h"
#include "graph/upstream_names.h"
#include "model/model.h"
#include "oracle/executor.h"

namespace crossval {
namespace {

constexpr double kEnoughJudged = 0.5;  // of the operations, to acquit an engine

bool is_wrong(const JudgedEngine& engine) {
  return engine.beyond > 0 || (engine.by_logits && !engine.by_logits->causes.empty());
}

/// Why an engine in which nothing is wrong cannot be acquitted all the same; empty: it can.
std::string doubt(const JudgedEngine& engine) {
  const std::string& name = engine.info.identity.name;
  if (!engine.by_logits) {
    if (static_cast<double>(engine.judged) >= kEnoughJudged * static_cast<double>(engine.asked))
      return {};
    return fmt::format("{} shows too little: {} of {} operations could be judged", name,
                       engine.judged, engine.asked);
  }
  if (engine.by_logits->is_sound()) return {};
  const auto& sound = engine.by_logits->sound;
  if (sound.back().distance <= kSameLogits)
    return fmt::format(
        "{} shows no tensors, and the prompt has one token: attention and RoPE do "
        "not show in its logits",
        name);
  return fmt::format(
      "{} shows no tensors; its logits are {:.1e} from {}, and under no known mistake much nearer",
      name, sound.back().distance, sound.back().arithmetic);
}

Blame blame_of(const JudgedEngine& candidate, const JudgedEngine& reference, std::string& why) {
  if (is_wrong(candidate) && is_wrong(reference)) return Blame::both;
  if (is_wrong(candidate)) return Blame::candidate;
  if (is_wrong(reference)) return Blame::reference;
  why = doubt(candidate);
  if (why.empty()) why = doubt(reference);
  return why.empty() ? Blame::neither : Blame::unknown;
}

/// Empty where nothing is to be written.
std::string trace_path(const ExplainPlan& plan, const char* side) {
  return plan.trace_folder.empty() ? "" : fmt::format("{}/{}.safetensors", plan.trace_folder, side);
}

/// By its operations, or where it shows none by its logits.
Result<JudgedEngine> judge(const ExplainPlan& plan, const Truth& truth, Engine& engine,
                           Account& account, const char* side, const std::stop_token& stop) {
  if (engine.info().capabilities.trace) return account.run(trace_path(plan, side));
  if (!plan.canonical) {
    return fail(ExitCode::usage, "the engine cannot show its tensors",
                "engine " + engine.info().identity.name);
  }
  auto judged = account.run_closed();
  if (!judged) return judged;
  auto found = judge_by_logits(
      truth, {.canonical = plan.canonical, .ids = plan.ids, .threads = plan.threads}, engine, stop);
  if (!found) return tl::unexpected(found.error());
  judged->by_logits = *std::move(found);
  return judged;
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

/// The choices of experts that differ.
void compare_routing(Explanation& result) {
  for (const auto& [at, ours] : result.candidate.routing) {
    const auto theirs = result.reference.routing.find(at);
    if (theirs == result.reference.routing.end()) continue;
    ++result.routed;
    if (same_experts(ours.experts, theirs->second.experts)) continue;
    result.routing_flips.push_back(
        {.layer = at.first, .position = at.second, .candidate = ours, .reference = theirs->second});
  }
}

/// How far apart the sums of experts are at the first flip of each layer, as they are and with the
/// reference sent to the candidate's experts.
Result<void> compare_forced(const Truth& truth, const Account& ours, const Account& theirs,
                            Explanation& result) {
  if (theirs.forced() == nullptr || result.routing_flips.empty()) return {};
  std::map<size_t, int32_t> positions;
  for (const auto& [op, sum] : theirs.forced()->sums()) positions[op] = sum.position;
  const auto candidate = ours.rows_at(positions);
  if (!candidate) return tl::unexpected(candidate.error());
  for (RoutingFlip& flip : result.routing_flips) {
    const auto sum = std::ranges::find_if(theirs.forced()->sums(), [&](const auto& each) {
      return truth.graph.ops[each.first].layer == flip.layer &&
             each.second.position == flip.position;
    });
    if (sum == theirs.forced()->sums().end()) continue;
    const auto c = candidate->find(sum->first);
    if (c == candidate->end()) continue;
    const auto apart_from = [&](const std::vector<double>& row) {
      return compare_rows(c->second, std::vector<float>(row.begin(), row.end())).relative_l2;
    };
    flip.apart_when_forced = apart_from(sum->second.forced);
    if (!sum->second.own.empty()) flip.apart = apart_from(sum->second.own);
  }
  return {};
}

/// Names the mistake on the first operation beyond, and proves what it does to the logits.
Result<void> find_mistake(const ExplainPlan& plan, const Truth& truth, const JudgedEngine& guilty,
                          Account& account, const Account& other, ThreadPool& pool,
                          const std::stop_token& stop, Explanation& result) {
  plan.phase("find the mistake");
  Suspect suspect = suspect_of(guilty, result.limit);
  suspect.guilty = account.logits();
  suspect.other = other.logits();
  suspect.chunks = account.chunks();
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
  Account ours(truth, plan.ids, plan.layers, candidate, pool, stop);
  Account theirs(truth, plan.ids, plan.layers, reference, pool, stop);
  Explanation result;
  result.model = plan.model_path;
  result.tokens = plan.ids;
  result.positions = static_cast<int32_t>(plan.ids.size());
  result.limit = kLimit;
  plan.phase("judge candidate");
  auto judged = judge(plan, truth, candidate, ours, "candidate", stop);
  if (!judged) return tl::unexpected(judged.error());
  result.candidate = *std::move(judged);
  plan.phase("judge reference");
  theirs.force_routing(result.candidate.routing);
  judged = judge(plan, truth, reference, theirs, "reference", stop);
  if (!judged) return tl::unexpected(judged.error());
  result.reference = *std::move(judged);

  plan.phase("oracle");
  const std::vector<float> ideal = oracle_row(truth, plan, stop);
  if (stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
  measure(ours, theirs, ideal, result);
  compare_routing(result);
  if (auto ok = compare_forced(truth, ours, theirs, result); !ok) return tl::unexpected(ok.error());
  for (const JudgedEngine* engine : {&result.candidate, &result.reference}) {
    for (const EngineWarning& warning : engine->info.warnings)
      result.warnings.push_back(
          {warning.name, engine->info.identity.name + ": " + warning.message});
  }
  result.blame = blame_of(result.candidate, result.reference, result.why_unknown);
  const bool of_reference = result.blame == Blame::reference;
  const JudgedEngine& guilty = of_reference ? result.reference : result.candidate;
  if (guilty.by_logits) {
    for (const LogitsDistance& cause : guilty.by_logits->causes)
      result.causes.push_back({cause.mistake, cause.what, -1});
  }
  if (guilty.first_beyond) {
    auto ok = find_mistake(plan, truth, guilty, of_reference ? theirs : ours,
                           of_reference ? ours : theirs, pool, stop, result);
    if (!ok) return tl::unexpected(ok.error());
    if (!plan.repro_folder.empty()) {
      plan.phase("shorten the prompt");
      const size_t op = *guilty.first_beyond;
      auto found = reproduce(truth, plan.ids, guilty.operations[op].error.position, op,
                             of_reference ? reference : candidate, pool, plan.repro_folder, stop);
      if (!found) return tl::unexpected(found.error());
      result.reproduction = *std::move(found);
    }
  }
  return result;
}

}  // namespace crossval
