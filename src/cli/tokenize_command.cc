#include "cli/tokenize_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/engine_factory.h"
#include "cli/engine_options.h"
#include "cli/interrupt.h"
#include "cli/model_prompt.h"
#include "cli/prompt_options.h"
#include "gate/token_offsets.h"
#include "report/tokenisation_report.h"
#include "session/prompt_record.h"

namespace crossval {
namespace {

class TokenizeCommand : public Command {
 public:
  void add_options(CLI::App& app) override {
    add_prompt_options(app, prompt_);
    add_single_engine_options(app, engine_);
    app.add_flag("--count", count_, "print how many tokens it becomes, and nothing else");
  }

  Result<ExitCode> run(Console& console) override {
    const auto tokenisation = tokenize(console);
    if (!tokenisation) return tl::unexpected(tokenisation.error());
    std::string report;
    if (console.format == OutputFormat::json) {
      report = tokenisation_json(*tokenisation);
    } else if (count_) {
      report = fmt::format("{}\n", tokenisation->ids.size());
    } else {
      report = tokenisation_text(*tokenisation);
    }
    std::fwrite(report.data(), 1, report.size(), console.out);
    print_warnings(console, tokenisation->warnings);
    return ExitCode::ok;
  }

 private:
  Result<Tokenisation> tokenize(const Console& console) {
    const auto request = prompt_request(prompt_);
    if (!request) return tl::unexpected(request.error());
    const auto spec = single_engine(engine_);
    if (!spec) return tl::unexpected(spec.error());
    const Interruption interruption;
    const auto engine = make_engine(*spec, engine_.defaults, console, interruption.token());
    if (!engine) return tl::unexpected(engine.error());
    const auto built = build_model_prompt(*request, (*engine)->info().settings);
    if (!built) return tl::unexpected(built.error());

    const Prompt& prompt = built->prompt;
    auto ids = tokenize_prompt(prompt, [&](std::string_view text, const TokenizeOptions& how) {
      return (*engine)->tokenize(text, how);
    });
    if (!ids) return tl::unexpected(ids.error());
    auto pieces = (*engine)->pieces(*ids);
    if (!pieces) return tl::unexpected(pieces.error());

    Tokenisation result;
    result.engine = spec->name;
    result.prompt = prompt_record(prompt);
    result.ids = *std::move(ids);
    result.ranges = locate_pieces(prompt.text, *pieces);
    result.pieces = *std::move(pieces);
    result.warnings = prompt_warnings(prompt);
    return result;
  }

  PromptOptions prompt_;
  SingleEngineOptions engine_;
  bool count_ = false;
};

}  // namespace

std::unique_ptr<Command> make_tokenize_command() { return std::make_unique<TokenizeCommand>(); }

}  // namespace crossval
