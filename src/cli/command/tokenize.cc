#include "cli/command/tokenize.h"

#include <fmt/format.h>

#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "report/json/tokenisation.h"
#include "report/text/tokenisation.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

class TokenizeCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    engine_.defaults.tokens_only = true;
    add_prompt_options(app, prompt_);
    add_single_engine_options(app, engine_);
    AppOption* count =
        app.add_flag("--count", count_, "print how many tokens it becomes, and nothing else");
    AppOption* compare =
        app.add_flag("--compare", compare_, "hold two engines' tokenizers against each other")
            ->excludes(count)
            ->excludes(app.get_option("--engine"));
    add_side_options(app, sides_);
    for (const char* side : {"--candidate", "--reference"}) app.get_option(side)->needs(compare);
  }

  Result<ExitCode> run(Console& console) override {
    return compare_ ? run_compare(console) : run_tokenize(console);
  }

 private:
  Result<ExitCode> run_tokenize(Console& console) {
    const auto opened = open_engine(engine_, prompt_, console);
    if (!opened) return tl::unexpected(opened.error());
    const auto tokenisation = tokenise(opened->prompted.prompt, *opened->prompted.engine);
    if (!tokenisation) return tl::unexpected(tokenisation.error());
    if (console.format == OutputFormat::json) {
      write_output(console, tokenisation_json(*tokenisation, count_));
    } else {
      write_output(console, count_ ? fmt::format("{}\n", tokenisation->ids.size())
                                   : tokenisation_text(*tokenisation, text_options(console)));
    }
    print_warnings(console, tokenisation->warnings);
    return ExitCode::ok;
  }

  Result<ExitCode> run_compare(Console& console) {
    sides_.defaults = engine_.defaults;
    sides_.tokenizer = engine_.tokenizer;
    const auto opened = open_pair(sides_, prompt_, console, nullptr);
    if (!opened) return tl::unexpected(opened.error());
    const auto& [candidate, reference] = opened->prompted.engines;
    const PairPrompt& built = opened->prompted.prompt;
    const auto comparison = compare_tokens(pair_of(built), built.facts, {*candidate, *reference});
    if (!comparison) return tl::unexpected(comparison.error());
    write_output(console, console.format == OutputFormat::json
                              ? token_comparison_json(*comparison)
                              : token_comparison_text(*comparison, text_options(console)));
    print_warnings(console, comparison->warnings);
    return exit_code(*comparison);
  }

  PromptOptions prompt_;
  EngineChoice engine_;
  PairChoice sides_;
  bool count_ = false;
  bool compare_ = false;
};

}  // namespace

std::unique_ptr<Command> make_tokenize_command() { return std::make_unique<TokenizeCommand>(); }

}  // namespace crossval
