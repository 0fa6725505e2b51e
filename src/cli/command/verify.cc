#include "cli/command/verify.h"

#include <fmt/format.h>

#include "base/environment.h"
#include "base/read_file.h"
#include "cli/interrupt.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/engine_options.h"
#include "cli/progress.h"
#include "launch/engine_factory.h"
#include "report/json/verification.h"
#include "report/text/verification.h"
#include "session/prompt_record.h"
#include "session/verify.h"

namespace crossval {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;  // of a file of tokens

class VerifyCommand : public Command {
 public:
  VerifyCommand() { engine_.engine = "native"; }

  void add_options(AppOptions& app) override {
    app.add_option("produced", produced_,
                   "the prompts' token ids and what was produced behind them")
        ->type_name("FILE.json");
    add_single_engine_options(app, engine_);
    add_running_options(app, engine_.defaults);
    app.add_option("--margin-tol", margin_tol_,
                   "a token may be that much below the engine's highest logit (default 0.5)")
        ->group("Verification")
        ->type_name("X")
        ->check(number());
  }

  Result<ExitCode> run(Console& console) override {
    if (produced_.empty()) {
      return fail(ExitCode::usage, "no file with produced tokens", {},
                  "Give one: crossval verify FILE.json -m MODEL.");
    }
    if (!(margin_tol_ >= 0))
      return fail(ExitCode::usage, fmt::format("--margin-tol {} is not 0 or more", margin_tol_));
    const auto result = score(console);
    if (!result) return tl::unexpected(result.error());
    const TextOptions options = text_options(console);
    write_output(console, console.format == OutputFormat::json
                              ? verification_json(*result)
                              : verification_text(*result, options));
    return exit_code(*result);
  }

 private:
  Result<Verification> score(const Console& console) {
    const auto spec = single_engine(engine_);
    if (!spec) return tl::unexpected(spec.error());
    const std::string path = with_home(produced_);
    const auto text = read_file(path, kMostBytes);
    if (!text) return tl::unexpected(text.error());
    const auto produced = parse_produced(*text, path);
    if (!produced) return tl::unexpected(produced.error());
    int32_t planned = 0;
    for (const ProducedSample& sample : produced->samples)
      for (const auto& output : sample.outputs) planned += static_cast<int32_t>(output.size());
    const Interruption interruption;
    const Launch launch = launch_from(console, {}, interruption.token());
    Progress progress(console);
    progress.phase("load");
    const auto engine = make_engine(*spec, engine_.defaults, launch);
    if (!engine) return tl::unexpected(engine.error());
    progress.phase("evaluate");
    auto result = verify(
        *produced, margin_tol_, **engine,
        [&](int64_t tokens) { progress.progress(static_cast<int32_t>(tokens), planned); },
        launch.stop);
    if (!result) return result;
    result->path = path;
    append_warnings((*engine)->info(), "", result->warnings);
    return result;
  }

  EngineChoice engine_;
  std::string produced_;
  double margin_tol_ = 0.5;
};

}  // namespace

std::unique_ptr<Command> make_verify_command() { return std::make_unique<VerifyCommand>(); }

}  // namespace crossval
