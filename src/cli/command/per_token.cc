#include "cli/command/per_token.h"

#include <fmt/format.h>

#include "cli/calibrating.h"
#include "cli/explaining.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/comparison_options.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
#include "launch/model_files.h"
#include "launch/reference/program.h"
#include "report/json/text_alignment.h"
#include "report/text/text_alignment.h"
#include "results/comparison_defaults.h"
#include "session/compare_by_text.h"
#include "session/per_token.h"

namespace crossval {
namespace {

class PerTokenCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_engine_options(app, engines_);
    const auto add = [&](const char* names, auto& value, const std::string& help,
                         const char* type) {
      return app.add_option(names, value, help)->group("Comparison")->type_name(type);
    };
    add("--max-tokens", max_tokens_,
        fmt::format("decode steps after the prompt, the reference's greedy choices (default {})",
                    kDecodeSteps),
        "N")
        ->check(whole_number(0, 1 << 20));
    add_comparison_options(
        app, comparison_, {"cos", "bits", "floor"},
        "cos (default): cosine of a position at least --cos-tol; bits: every bit equal; floor: not "
        "farther apart than the reference is from itself");
    add("--floor", floor_,
        "the reference's noise floor: what calibrate wrote, or auto (default with --require "
        "floor): measured once and kept",
        "FILE");
    add("--align", align_,
        "tokens (default): position by position; text: engines of different vocabularies, by the "
        "probability of the text between places at which both end a token",
        "BY")
        ->check(one_of({"tokens", "text"}));
    app.add_flag("--explain", explain_,
                 "say which operation is off, in which engine and by which mistake, at the first "
                 "position that differs (crossval explain)")
        ->group("Comparison");
  }

  Result<ExitCode> run(Console& console) override {
    if (auto ok = check_comparison_options(comparison_); !ok) return tl::unexpected(ok.error());
    if (align_ == "text") return run_by_text(console);
    if (comparison_.require == "floor" && floor_.empty()) floor_ = "auto";
    const auto comparison = compare(console);
    if (!comparison) return tl::unexpected(comparison.error());
    return print_comparison(console, *comparison, comparison_);
  }

 private:
  Result<ExitCode> run_by_text(const Console& console) {
    if (explain_ || !floor_.empty() || !comparison_.require.empty() || comparison_.first_diff ||
        !comparison_.dump_dir.empty() || !comparison_.html.empty()) {
      return fail(ExitCode::usage, "the probability of the text is all that is compared",
                  "--align text",
                  "Leave out --require, --floor, --explain, --first-diff, --dump and --html.");
    }
    Progress progress(console);
    const auto opened = open_pair(engines_, prompt_, console, &progress);
    if (!opened) return tl::unexpected(opened.error());
    const auto& [candidate, reference] = opened->prompted.engines;
    const PairPrompt& built = opened->prompted.prompt;
    progress.phase("evaluate");
    const auto result = compare_by_text(pair_of(built), built.facts, {*candidate, *reference},
                                        comparison_.logprob_tol, opened->stop());
    if (!result) return tl::unexpected(result.error());
    TextOptions options = text_options(console);
    options.all = comparison_.all;
    write_output(console, console.format == OutputFormat::json
                              ? text_alignment_json(*result)
                              : text_alignment_text(*result, options));
    return exit_code(*result);
  }

  Result<Comparison> compare(const Console& console) {
    if (explain_) {
      if (auto ok = check_truth(engines_); !ok) return tl::unexpected(ok.error());
    }
    Progress progress(console);
    engines_.defaults.by_chunks = true;
    engines_.defaults.written_tokens = std::max(1, max_tokens_.value_or(kDecodeSteps));
    auto opened = open_pair(engines_, prompt_, console, &progress);
    if (!opened) return tl::unexpected(opened.error());
    auto& [candidate, reference] = opened->prompted.engines;
    const std::stop_token stop = opened->stop();

    auto models =
        compare_models(candidate->info().settings, reference->info().settings, opened->files,
                       cache_folder(), stop, [&] { progress.phase("compare models"); });
    if (!models) return tl::unexpected(models.error());
    PairPrompt& built = opened->prompted.prompt;
    PerTokenPlan plan;
    plan.prompt = std::move(built.prompt);
    plan.candidate_prompt = std::move(built.candidate);
    plan.facts = std::move(built.facts);
    plan.models = std::move(models->models);
    plan.model_difference = std::move(models->difference);
    apply(comparison_, plan);
    plan.max_tokens = opened->prompted.by_chat
                          ? 0
                          : max_tokens_.value_or(opened->prompted.by_chunks ? 0 : kDecodeSteps);
    plan.resolution = opened->prompted.resolution;
    if (explain_) {
      plan.explain = [&](const std::vector<TokenId>& ids) {
        return explain_pair(engines_, *opened, ids, {}, progress);
      };
    }
    plan.asked_differences = opened->prompted.specs.asked_differences;
    const FloorSubject subject{opened->prompted.specs.reference, engines_.defaults, *reference};
    const Launch launch = launch_from(console, opened->files, stop);
    if (!floor_.empty()) {
      auto known = known_floor(floor_, subject, launch, progress);
      if (!known) return tl::unexpected(known.error());
      plan.floor = std::move(known->floor);
      plan.floor_path = std::move(known->path);
      plan.open_floor_pair = [&] { return open_floor_pair(*plan.floor, subject, launch); };
    }
    return compare_per_token(plan, *candidate, *reference, progress, stop);
  }

  PromptOptions prompt_;
  PairChoice engines_;
  std::optional<int32_t> max_tokens_;
  ComparisonOptions comparison_;
  std::string floor_;  // empty: none
  std::string align_ = "tokens";
  bool explain_ = false;
};

}  // namespace

std::unique_ptr<Command> make_per_token_command() { return std::make_unique<PerTokenCommand>(); }

}  // namespace crossval
