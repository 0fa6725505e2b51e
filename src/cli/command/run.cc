#include "cli/command/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "report/json/generation.h"
#include "report/text/generation.h"
#include "session/generate.h"
#include "session/prompt_record.h"

namespace crossval {
namespace {

class RunCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_single_engine_options(app, engine_);
    add_running_options(app, engine_.defaults);
    const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
      return app.add_option(names, value, help)->group("Generation")->type_name(type);
    };
    add("--max-tokens", max_tokens_, "tokens to generate at most (default 128)", "N")
        ->check(whole_number(0, 1 << 20));
    add("--stop", stop_texts_, "end before this text; may be given several times", "TEXT")
        ->repeatable();
    add("--temp", sampling_.temperature, "temperature; 0 (default): always the most likely token",
        "X")
        ->check(number());
    choices_ = {
        add("--top-k", sampling_.top_k, "only the N most likely tokens (default 0: all)", "N")
            ->check(whole_number(std::numeric_limits<int32_t>::min(),
                                 std::numeric_limits<int32_t>::max())),
        add("--top-p", sampling_.top_p,
            "only the fewest tokens whose probabilities sum to P (default 1: all)", "P")
            ->check(number()),
        add("--seed", sampling_.seed, "the same seed gives the same text (default 0)", "N")
            ->check(seed_number())};
  }

  Result<ExitCode> run(Console& console) override {
    if (auto ok = check_options(console); !ok) return tl::unexpected(ok.error());
    const auto generation = generate_text(console);
    if (err_follows_out(console) && !ended_line_) std::fputs("\n", console.out);
    std::fflush(console.out);
    if (!generation) return tl::unexpected(generation.error());
    if (console.format == OutputFormat::json) {
      write_output(console, generation_json(*generation));
      return exit_code(generation->stop);
    }
    warnings_.assign(generation->warnings.begin() + std::ssize(warnings_),
                     generation->warnings.end());
    print_warnings(console, warnings_);
    if (!console.quiet) {
      if (console.verbose) fmt::print(console.err, "{}", generation_details(*generation, {}));
      fmt::print(console.err, "crossval: {}\n", generation_summary(*generation));
    }
    return exit_code(generation->stop);
  }

 private:
  Result<void> check_options(const Console& console) const {
    if (auto ok = check_sampling(sampling_); !ok) return ok;
    for (const AppOption* option : choices_) {
      if (sampling_.temperature > 0 || option->count() == 0) continue;
      return fail(ExitCode::usage, option->name() + " changes nothing at temperature 0", {},
                  "Give --temp as well, --temp 0.8 for example.");
    }
    if (std::ranges::find(stop_texts_, "") != stop_texts_.end()) {
      return fail(ExitCode::usage, "--stop is empty");
    }
    if (console.quiet && console.verbose) {
      return fail(ExitCode::usage, "-v adds to what -q leaves out", {}, "Give one of them.");
    }
    return {};
  }

  Result<Generation> generate_text(const Console& console) {
    auto opened = open_engine(engine_, prompt_, console);
    if (!opened) return tl::unexpected(opened.error());
    auto& [engine, prompt, spec] = opened->prompted;
    warnings_ = all_warnings(prompt, *engine);
    print_warnings(console, warnings_);
    const TextSink show = [&](std::string_view text) -> Result<void> {
      if (console.format == OutputFormat::json) return {};
      write_output(console, text);
      ended_line_ = text.ends_with('\n');
      return flush_output(console);
    };
    return generate({.prompt = std::move(prompt),
                     .max_tokens = max_tokens_,
                     .sampling = sampling_,
                     .stop_texts = stop_texts_},
                    *engine, show, opened->interruption->token());
  }

  std::vector<Warning> warnings_;  // printed before it began
  PromptOptions prompt_;
  EngineChoice engine_;
  int32_t max_tokens_ = 128;
  std::vector<std::string> stop_texts_;
  SamplingOptions sampling_;
  bool ended_line_ = true;           // the text shown so far ends a line
  std::vector<AppOption*> choices_;  // options that a greedy choice has no use for
};

}  // namespace

std::unique_ptr<Command> make_run_command() { return std::make_unique<RunCommand>(); }

}  // namespace crossval
