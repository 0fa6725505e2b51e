#include "cli/explaining.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "launch/canonical.h"
#include "launch/paths.h"

namespace crossval {

Result<void> check_truth(const PairChoice& choice) {
  if (!choice.defaults.model.empty()) return {};
  return fail(ExitCode::usage, "no model is the truth for both engines", {},
              "Give it with -m; an engine may have another one: --candidate NAME:model=FILE.");
}

Result<Explanation> explain_pair(const PairChoice& choice, const OpenedPair& pair,
                                 std::vector<TokenId> ids, const ExplainChoice& more,
                                 Progress& progress) {
  const auto& [candidate, reference] = pair.prompted.engines;
  const auto threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  ExplainPlan plan;
  plan.model_path = model_path({}, choice.defaults);
  plan.files = pair.files;
  plan.i2s_layout = find_i2s_layout(choice.defaults.i2s_layout);
  plan.n_ctx = reference->info().settings.n_ctx;
  plan.ids = std::move(ids);
  plan.layers = more.layers;
  plan.trace_folder = more.trace_folder;
  plan.repro_folder = more.repro_folder;
  plan.threads = threads;
  plan.canonical = [&](const Graph& graph, const Hparams& hparams, bool half) {
    return canonical_computation(graph, hparams, half, std::ssize(plan.ids), threads);
  };
  plan.phase = [&](const std::string& phase) { progress.phase(phase); };
  return explain(plan, *candidate, *reference, pair.stop());
}

}  // namespace crossval
