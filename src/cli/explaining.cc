#include "cli/explaining.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/thread_pool.h"
#include "launch/canonical.h"
#include "launch/model_files.h"
#include "launch/paths.h"
#include "launch/reference/program.h"
#include "names/names_file.h"

namespace crossval {

namespace {

/// Nothing where the engine computes with the model itself.
Result<std::optional<FileDifference>> difference_of(const EngineSettings& engine,
                                                    const ExplainPlan& plan,
                                                    const std::stop_token& stop) {
  EngineSettings truth = engine;
  truth.model_path = plan.model_path;
  auto models =
      compare_model_files(engine.model_path, truth.model_path, plan.files, cache_folder(), stop);
  if (!models) return tl::unexpected(models.error());
  if (models->same || !have_files(*models)) return std::nullopt;
  auto difference = explain_model_difference(engine, truth, plan.files, stop, *models);
  if (!difference) return tl::unexpected(difference.error());
  return *std::move(difference);
}

/// Of the engine's file of names those that no value came for. Errors: the file's.
Result<std::vector<std::string>> never_came(const EngineSpec& spec, const JudgedEngine& engine) {
  std::vector<std::string> missing;
  const std::string path = with_home(spec.get(kNamesKey));
  if (path.empty()) return missing;
  const auto names = NamesFile::read(path);
  if (!names) return tl::unexpected(names.error());
  for (const auto& [theirs, given] : names->entries()) {
    const bool came = std::ranges::any_of(given, [&](const GivenName& name) {
      return std::ranges::any_of(engine.operations,
                                 [&](const JudgedOperation& operation) {
                                   return operation.shown && is_called(name, operation.tensor);
                                 }) ||
             std::ranges::any_of(engine.without_partner,
                                 [&](const std::string& label) { return is_called(name, label); });
    });
    if (!came) missing.push_back(theirs);
  }
  return missing;
}

}  // namespace

Result<void> check_truth(const PairChoice& choice) {
  if (!choice.defaults.model.empty()) return {};
  return fail(ExitCode::usage, "no model is the truth for both engines", {},
              "Give it with -m; an engine may have another one: --candidate NAME:model=FILE.");
}

Result<Explanation> explain_pair(const PairChoice& choice, const OpenedPair& pair,
                                 std::vector<TokenId> ids, const ExplainChoice& more,
                                 Progress& progress) {
  const auto& [candidate, reference] = pair.prompted.engines;
  const auto threads = machine_threads();
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
  auto explanation = explain(plan, *candidate, *reference, pair.stop());
  if (!explanation) return explanation;
  for (JudgedEngine* engine : {&explanation->candidate, &explanation->reference}) {
    auto difference = difference_of(engine->info.settings, plan, pair.stop());
    if (!difference) return tl::unexpected(difference.error());
    engine->model_difference = *std::move(difference);
  }
  const bool all = plan.layers.first == Range{}.first && plan.layers.end == Range{}.end;
  if (!all) return explanation;  // the others were not asked for
  for (const auto& [spec, engine] :
       {std::pair{&pair.prompted.specs.candidate, &explanation->candidate},
        std::pair{&pair.prompted.specs.reference, &explanation->reference}}) {
    const auto missing = never_came(*spec, *engine);
    if (!missing) return tl::unexpected(missing.error());
    if (missing->empty()) continue;
    explanation->warnings.push_back(
        {"name-never-came", fmt::format("{}: no value came for {} of its file of names",
                                        engine->info.identity.name, fmt::join(*missing, ", "))});
  }
  return explanation;
}

}  // namespace crossval
