#include "cli/command/per_token.h"

#include <fmt/format.h>

#include "cli/calibrating.h"
#include "cli/explaining.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
#include "launch/model_files.h"
#include "launch/reference/program.h"
#include "report/json/comparison.h"
#include "report/text/comparison.h"
#include "session/per_token.h"

namespace crossval {
namespace {

OnTokenMismatch mismatch_policy(const std::string& word) {
  if (word == "use-reference") return OnTokenMismatch::use_reference;
  if (word == "use-candidate") return OnTokenMismatch::use_candidate;
  return OnTokenMismatch::stop;
}

Requirement requirement(const std::string& word) {
  if (word == "bits") return Requirement::bits;
  return word == "floor" ? Requirement::floor : Requirement::cosine;
}

class PerTokenCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_engine_options(app, engines_);
    const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
      return app.add_option(names, value, help)->group("Comparison")->type_name(type);
    };
    add("--max-tokens", max_tokens_,
        "decode steps after the prompt, the reference's greedy choices (default 4)", "N")
        ->check(whole_number(0, 1 << 20));
    add("--require", require_,
        "cos (default): cosine of a position at least --cos-tol; bits: every bit equal; floor: not "
        "farther apart than the reference is from itself",
        "WHAT")
        ->check(one_of({"cos", "bits", "floor"}));
    cos_tol_given_ = add("--cos-tol", cos_tol_, "lowest cosine that passes (default 0.999)", "X")
                         ->check(number());
    add("--floor", floor_,
        "the reference's noise floor: what calibrate wrote, or auto (default with --require "
        "floor): measured once and kept",
        "FILE");
    add("--on-token-mismatch", on_token_mismatch_,
        "when the ids differ: stop (default); use-reference or use-candidate: go on with that "
        "side's ids on both",
        "WHAT")
        ->check(one_of({"stop", "use-reference", "use-candidate"}));
    app.add_flag("--first-diff", first_diff_,
                 "find the first intermediate tensor whose bits differ")
        ->group("Comparison");
    app.add_flag("--explain", explain_,
                 "say which operation is off, in which engine and by which mistake, at the first "
                 "position that differs (crossval explain)")
        ->group("Comparison");
    add("--dump", dump_dir_, "write candidate.npy, reference.npy and tokens.json there", "DIR");
    app.add_flag("--all", all_, "show every position")->group("Comparison");
  }

  Result<ExitCode> run(Console& console) override {
    if (require_ != "cos" && cos_tol_given_->count() > 0) {
      return fail(ExitCode::usage, "--cos-tol changes nothing with --require " + require_, {},
                  "Give one of them.");
    }
    if (require_ == "floor" && floor_.empty()) floor_ = "auto";
    // Written so that NaN fails.
    if (!(cos_tol_ >= -1 && cos_tol_ <= 1)) {
      return fail(ExitCode::usage, fmt::format("--cos-tol {} is not from -1 to 1", cos_tol_));
    }
    auto comparison = compare(console);
    if (!comparison) return tl::unexpected(comparison.error());
    const std::string report =
        console.format == OutputFormat::json
            ? json_report(*comparison)
            : text_report(*comparison,
                          {.layout = {.color = console.color, .width = terminal_width(console)},
                           .verbose = console.verbose,
                           .all = all_});
    write_output(console, report);
    return exit_code(comparison->verdict);
  }

 private:
  Result<Comparison> compare(const Console& console) {
    if (explain_) {
      if (auto ok = check_truth(engines_); !ok) return tl::unexpected(ok.error());
    }
    Progress progress(console);
    auto opened = open_pair(engines_, prompt_, console, &progress);
    if (!opened) return tl::unexpected(opened.error());
    auto& [candidate, reference] = opened->prompted.engines;
    const std::stop_token stop = opened->stop();

    const EngineSettings& settings = reference->info().settings;
    auto models = compare_model_files(candidate->info().settings.model_path, settings.model_path,
                                      opened->files, cache_folder(), stop);
    if (!models) return tl::unexpected(models.error());
    std::optional<FileDifference> difference;
    if (!models->same) {
      progress.phase("compare models");
      auto found = explain_model_difference(candidate->info().settings, settings, opened->files,
                                            stop, *models);
      if (!found) return tl::unexpected(found.error());
      difference = *std::move(found);
    }
    PairPrompt& built = opened->prompted.prompt;
    PerTokenPlan plan;
    plan.prompt = std::move(built.prompt);
    plan.candidate_prompt = std::move(built.candidate);
    plan.facts = std::move(built.facts);
    plan.models = *std::move(models);
    plan.model_difference = std::move(difference);
    plan.requirement = requirement(require_);
    plan.cos_tol = cos_tol_;
    plan.max_tokens = max_tokens_;
    plan.on_token_mismatch = mismatch_policy(on_token_mismatch_);
    plan.first_diff = first_diff_;
    if (explain_) {
      plan.explain = [&](const std::vector<TokenId>& ids) {
        return explain_pair(engines_, *opened, ids, {}, progress);
      };
    }
    plan.dump_dir = dump_dir_;
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
  int32_t max_tokens_ = 4;
  std::string require_ = "cos";
  double cos_tol_ = 0.999;
  const AppOption* cos_tol_given_ = nullptr;
  std::string floor_;  // empty: none
  std::string on_token_mismatch_ = "stop";
  bool first_diff_ = false;
  bool explain_ = false;
  std::string dump_dir_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Command> make_per_token_command() { return std::make_unique<PerTokenCommand>(); }

}  // namespace crossval
