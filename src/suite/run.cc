#include "suite/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "launch/made_pair.h"
#include "launch/model_files.h"
#include "launch/prompted_engine.h"
#include "prompt/model_prompt.h"
#include "session/lockstep.h"
#include "session/per_token.h"
#include "suite/store.h"

namespace crossval {
namespace {

// A prompt's own run says nothing: the suite does.
class NoObserver : public PerTokenObserver {
 public:
  void phase(const std::string& /*what*/) override {}
  void progress(int32_t /*done*/, int32_t /*planned*/) override {}
};

PromptRequest request_of(const Suite& suite, const SuitePrompt& prompt) {
  PromptRequest request;
  if (prompt.kind == PromptKind::tokens) {  // no template, no special tokens: they are as they are
    request.token_ids = prompt.text;
    return request;
  }
  request = suite.prompt;
  (prompt.kind == PromptKind::messages ? request.messages : request.text) = prompt.text;
  return request;
}

std::optional<Requirement> requirement_of(const SuitePair& pair) {
  if (pair.require == "cos") return Requirement::cosine;
  if (pair.require == "bits") return Requirement::bits;
  if (pair.require == "floor") return Requirement::floor;
  return std::nullopt;
}

// Both engines of a pair, loaded, and what is known of them once.
class LoadedPair {
 public:
  static Result<std::unique_ptr<LoadedPair>> load(const ShardPlan& plan, const SuitePair& pair,
                                                  const Launch& launch);

  Result<Comparison> compare(const SuitePrompt& prompt, const TemplateRenderer& renderer);

  const EngineInfo& candidate() const { return engines_.candidate->info(); }
  const EngineInfo& reference() const { return engines_.reference->info(); }

 private:
  LoadedPair(const ShardPlan& plan, const SuitePair& pair, const Launch& launch)
      : plan_(plan), pair_(pair), launch_(launch) {}

  const ShardPlan& plan_;
  const SuitePair& pair_;
  const Launch& launch_;
  ChosenPair chosen_;
  MadePair engines_;
  ComparedModels models_;
  std::optional<SuiteFloor> floor_;
};

Result<std::unique_ptr<LoadedPair>> LoadedPair::load(const ShardPlan& plan, const SuitePair& pair,
                                                     const Launch& launch) {
  auto loaded = std::unique_ptr<LoadedPair>(new LoadedPair(plan, pair, launch));
  EngineDefaults defaults{.model = pair.model,
                          .threads = plan.threads,
                          .context = plan.suite.context,
                          .batch = plan.suite.batch,
                          .timeout_seconds = plan.suite.timeout_seconds};
  auto chosen = choose_pair({std::move(defaults), pair.candidate, pair.reference, pair.tokenizer},
                            launch.files);
  if (!chosen) return tl::unexpected(chosen.error());
  loaded->chosen_ = *std::move(chosen);
  auto made = make_chosen_pair(loaded->chosen_, launch);
  if (!made) return tl::unexpected(made.error());
  loaded->engines_ = *std::move(made);
  auto models = compare_models(loaded->candidate().settings, loaded->reference().settings,
                               launch.files, plan.cache_folder, launch.stop, [] {});
  if (!models) return tl::unexpected(models.error());
  loaded->models_ = *std::move(models);
  if (!pair.floor.empty()) {
    auto floor = plan.find_floor(pair.floor, loaded->chosen_.engines.reference,
                                 loaded->chosen_.defaults, *loaded->engines_.reference);
    if (!floor) return tl::unexpected(floor.error());
    loaded->floor_ = *std::move(floor);
  }
  return loaded;
}

Result<Comparison> LoadedPair::compare(const SuitePrompt& prompt,
                                       const TemplateRenderer& renderer) {
  auto read =
      read_pair_prompt(request_of(plan_.suite, prompt),
                       prompt_side(chosen_.engines.candidate, chosen_.defaults, launch_.files),
                       prompt_side(chosen_.engines.reference, chosen_.defaults, launch_.files),
                       launch_.files, renderer);
  if (!read) return tl::unexpected(read.error());
  PairPrompt built =
      build_pair_prompt(*std::move(read), candidate().settings, reference().settings);
  PerTokenPlan run;
  run.prompt = std::move(built.prompt);
  run.candidate_prompt = std::move(built.candidate);
  run.facts = std::move(built.facts);
  run.models = models_.models;
  run.model_difference = models_.difference;
  run.requirement = requirement_of(pair_);
  run.cos_tol = pair_.cos_tol;
  run.logprob_tol = pair_.logprob_tol;
  run.max_tokens = pair_.max_tokens;
  run.score_next = true;
  run.asked_differences = chosen_.engines.asked_differences;
  if (floor_) {
    run.floor = floor_->floor;
    run.floor_path = floor_->path;
    run.open_floor_pair = floor_->open_pair;
  }
  NoObserver observer;
  return compare_per_token(run, *engines_.candidate, *engines_.reference, observer, launch_.stop);
}

// Errors of a prompt and not of the whole run.
bool is_of_prompt(const Error& error) {
  return error.code != ExitCode::interrupted && error.code != ExitCode::cannot_write &&
         error.code != ExitCode::internal;
}

// After such an error an engine may be gone, or in the middle of something.
bool may_have_ended_engine(const Error& error) { return error.code == ExitCode::engine_failed; }

class ShardRun {
 public:
  ShardRun(const ShardPlan& plan, ShardWriter writer, const TemplateRenderer& renderer,
           const Launch& launch, SuiteObserver& observer)
      : plan_(plan),
        writer_(std::move(writer)),
        renderer_(renderer),
        launch_(launch),
        observer_(observer) {
    for (size_t i = 0; i < plan_.prompts.size(); ++i) {
      if (is_of_shard(i, plan_.shard, plan_.manifest.shards))
        own_.push_back(static_cast<int32_t>(i));
    }
    planned_ = std::ssize(own_) * std::ssize(plan_.manifest.pairs);
  }

  Result<void> run() {
    std::optional<Error> first;
    for (size_t pair = 0; pair < plan_.manifest.pairs.size(); ++pair) {
      const auto ok = run_pair(static_cast<int32_t>(pair));
      if (ok) continue;
      Error error = ok.error();
      if (!is_of_prompt(error)) return tl::unexpected(error);
      if (plan_.manifest.pairs.size() > 1) {
        error.where = fmt::format("pair \"{}\"{}{}", plan_.manifest.pairs[pair].name,
                                  error.where.empty() ? "" : ", ", error.where);
      }
      if (!first) first = std::move(error);
    }
    if (first) return tl::unexpected(*first);
    return writer_.publish();
  }

 private:
  Result<void> run_pair(int32_t index) {
    const SuitePair& pair = plan_.manifest.pairs[static_cast<size_t>(index)];
    std::unique_ptr<LoadedPair> loaded;
    for (const int32_t at : own_) {
      if (writer_.has(index, at)) continue;
      if (auto running = check_stop(launch_.stop); !running) return running;
      if (!loaded) {
        observer_.loading(pair.name, done(), planned_);
        auto made = LoadedPair::load(plan_, pair, launch_);
        if (!made) return tl::unexpected(made.error());
        loaded = *std::move(made);
        if (auto ok = writer_.note_engines(index, loaded->candidate(), loaded->reference()); !ok)
          return ok;
      }
      const SuitePrompt& prompt = plan_.prompts[static_cast<size_t>(at)];
      observer_.evaluating(pair.name, prompt.id, done(), planned_);
      const auto comparison = loaded->compare(prompt, renderer_);
      SuitePromptResult result;
      if (comparison) {
        result = suite_result(at, *comparison);
      } else {
        if (!is_of_prompt(comparison.error())) return tl::unexpected(comparison.error());
        result.prompt = at;
        result.error = comparison.error();
        if (may_have_ended_engine(comparison.error())) loaded.reset();
      }
      const auto positions = comparison ? std::span<const PositionResult>(comparison->positions)
                                        : std::span<const PositionResult>();
      if (auto ok = writer_.add(index, result, positions); !ok) return ok;
      observer_.finished(result);
    }
    return {};
  }

  int64_t done() const { return static_cast<int64_t>(writer_.finished()); }

  const ShardPlan& plan_;
  ShardWriter writer_;
  const TemplateRenderer& renderer_;
  const Launch& launch_;
  SuiteObserver& observer_;
  std::vector<int32_t> own_;  // prompts of the shard
  int64_t planned_ = 0;
};

std::string detail_of(const Comparison& c) {
  if (c.mismatch)
    return fmt::format("ids differ from {} on: {}", c.mismatch->index, c.mismatch->cause.sentence);
  for (const SettingDifference& s : c.settings) {
    if (s.weight == SettingWeight::refused)
      return fmt::format("{}: {} and {}", s.name, s.candidate, s.reference);
  }
  if (!c.health.empty()) return c.health.front().name + ": " + c.health.front().detail;
  return {};
}

}  // namespace

SuitePromptResult suite_result(int32_t prompt, const Comparison& comparison) {
  SuitePromptResult result;
  result.prompt = prompt;
  result.verdict = comparison.verdict;
  result.detail = detail_of(comparison);
  result.tokens = static_cast<int32_t>(comparison.tokens.size());
  result.positions = static_cast<int32_t>(comparison.positions.size());
  result.identical = comparison.identical_rows;
  result.same_top = result.positions - comparison.argmax_flips;
  if (comparison.floor) {
    result.flips = SuiteFlips{.ties = comparison.floor->tie_flips,
                              .decisive = comparison.floor->decisive_flips};
  }
  if (comparison.first_divergence) {
    result.first_divergence =
        comparison.positions[static_cast<size_t>(*comparison.first_divergence)].position;
  }
  for (const PositionResult& p : comparison.positions) {
    // Written so that NaN stays.
    if (!(p.metrics.cosine >= result.lowest_cosine)) result.lowest_cosine = p.metrics.cosine;
    if (!(p.metrics.kl <= result.largest_kl)) result.largest_kl = p.metrics.kl;
    if (std::isnan(result.lowest_cosine)) break;
  }
  result.max_abs_diff = comparison.max_absolute_diff;
  result.seconds = comparison.seconds;
  return result;
}

Result<void> run_shard(const ShardPlan& plan, const TemplateRenderer& renderer,
                       const Launch& launch, SuiteObserver& observer) {
  auto writer = ShardWriter::open(plan.folder, plan.manifest, plan.shard, plan.resume);
  if (!writer) return tl::unexpected(writer.error());
  return ShardRun(plan, *std::move(writer), renderer, launch, observer).run();
}

}  // namespace crossval
