#include "cli/command/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
#include "explain/explain.h"
#include "launch/paths.h"
#include "report/json/explanation.h"
#include "report/text/explanation.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

class ExplainCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_engine_options(app, engines_);
    app.add_option("--position", position_,
                   "the position to explain, all before it evaluated too (default: the last)")
        ->group("Comparison")
        ->type_name("N")
        ->check(whole_number(0, 1 << 20));
  }

  Result<ExitCode> run(Console& console) override {
    const auto explanation = explain_pair(console);
    if (!explanation) return tl::unexpected(explanation.error());
    const TextOptions options{.layout = {.color = console.color, .width = terminal_width(console)},
                              .verbose = console.verbose};
    write_output(console, console.format == OutputFormat::json
                              ? explanation_json(*explanation)
                              : explanation_text(*explanation, options));
    print_warnings(console, explanation->warnings);
    return exit_code(*explanation);
  }

 private:
  Result<Explanation> explain_pair(const Console& console) {
    if (engines_.defaults.model.empty()) {
      return fail(ExitCode::usage, "no model is the truth for both engines", {},
                  "Give it with -m; an engine may have another one: --candidate NAME:model=FILE.");
    }
    Progress progress(console);
    const auto opened = open_pair(engines_, prompt_, console, &progress);
    if (!opened) return tl::unexpected(opened.error());
    const auto& [candidate, reference] = opened->prompted.engines;
    const PairPrompt& built = opened->prompted.prompt;
    const auto tokens = tokenise_both({built.prompt, built.candidate ? &*built.candidate : nullptr},
                                      built.facts, {*candidate, *reference});
    if (!tokens) return tl::unexpected(tokens.error());
    if (tokens->mismatch) {
      return fail(ExitCode::tokens_differ, "the engines' token ids are not the same", {},
                  "crossval tokenize --compare shows where and why; --tokens gives both the same.");
    }
    ExplainPlan plan;
    plan.model_path = model_path({}, engines_.defaults);
    plan.files = opened->files;
    plan.i2s_layout = find_i2s_layout(engines_.defaults.i2s_layout);
    plan.n_ctx = reference->info().settings.n_ctx;
    plan.ids = tokens->reference.ids;
    if (position_ >= std::ssize(plan.ids)) {
      return fail(ExitCode::usage, fmt::format("--position {} of a prompt of {} tokens", position_,
                                               plan.ids.size()));
    }
    if (position_ >= 0) plan.ids.resize(static_cast<size_t>(position_) + 1);
    plan.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    plan.phase = [&](const std::string& phase) { progress.phase(phase); };
    return explain(plan, *candidate, *reference, opened->stop());
  }

  PromptOptions prompt_;
  PairChoice engines_;
  int32_t position_ = -1;
};

}  // namespace

std::unique_ptr<Command> make_explain_command() { return std::make_unique<ExplainCommand>(); }

}  // namespace crossval
