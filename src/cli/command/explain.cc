#include "cli/command/explain.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/explaining.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
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
    const auto found = explanation(console);
    if (!found) return tl::unexpected(found.error());
    const TextOptions options{.layout = {.color = console.color, .width = terminal_width(console)},
                              .verbose = console.verbose};
    write_output(console, console.format == OutputFormat::json ? explanation_json(*found)
                                                               : explanation_text(*found, options));
    print_warnings(console, found->warnings);
    return exit_code(*found);
  }

 private:
  Result<Explanation> explanation(const Console& console) {
    if (auto ok = check_truth(engines_); !ok) return tl::unexpected(ok.error());
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
    std::vector<TokenId> ids = tokens->reference.ids;
    if (position_ >= std::ssize(ids)) {
      return fail(ExitCode::usage,
                  fmt::format("--position {} of a prompt of {} tokens", position_, ids.size()));
    }
    if (position_ >= 0) ids.resize(static_cast<size_t>(position_) + 1);
    auto explanation = explain_pair(engines_, *opened, std::move(ids), progress);
    if (auto about_ids = warn_about_ids({*candidate, *reference}, *tokens); explanation && about_ids)
      explanation->warnings.push_back(*std::move(about_ids));
    return explanation;
  }

  PromptOptions prompt_;
  PairChoice engines_;
  int32_t position_ = -1;
};

}  // namespace

std::unique_ptr<Command> make_explain_command() { return std::make_unique<ExplainCommand>(); }

}  // namespace crossval
