#include "cli/command/verify.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

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
#include "sample/sampler.h"
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
    const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
      return app.add_option(names, value, help)->group("Verification")->type_name(type);
    };
    add("--margin-tol", margin_tol_,
        "a logit may be that much below those that the sampling leaves (default 0.5)", "X")
        ->check(number());
    add("--temp", temperature_, "what the tokens were drawn at (default: the file's, or greedy)",
        "X")
        ->check(number());
    add("--top-k", top_k_, "only the N most likely tokens were left", "N")
        ->check(whole_number(0, std::numeric_limits<int32_t>::max()));
    add("--top-p", top_p_, "only the fewest whose probabilities sum to P", "P")->check(number());
    add("--min-p", min_p_, "only those at least P times as likely as the most likely one", "P")
        ->check(number());
    app.add_flag("--temperature-last", temperature_last_,
                 "these were applied before the temperature, as llama.cpp does")
        ->group("Verification");
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
  // What is given stands in place of what the file says.
  Result<void> take_sampling(SamplingOptions& sampling) const {
    sampling.temperature = temperature_.value_or(sampling.temperature);
    sampling.top_k = top_k_.value_or(sampling.top_k);
    sampling.top_p = top_p_.value_or(sampling.top_p);
    sampling.min_p = min_p_.value_or(sampling.min_p);
    sampling.temperature_last = temperature_last_;
    return check_sampling(sampling);
  }

  Result<Verification> score(const Console& console) {
    const auto spec = single_engine(engine_);
    if (!spec) return tl::unexpected(spec.error());
    const std::string path = with_home(produced_);
    const auto text = read_file(path, kMostBytes);
    if (!text) return tl::unexpected(text.error());
    auto produced = parse_produced(*text, path);
    if (!produced) return tl::unexpected(produced.error());
    if (auto ok = take_sampling(produced->sampling); !ok) return tl::unexpected(ok.error());
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
  std::optional<double> temperature_, top_p_, min_p_;
  std::optional<int32_t> top_k_;
  bool temperature_last_ = false;
};

}  // namespace

std::unique_ptr<Command> make_verify_command() { return std::make_unique<VerifyCommand>(); }

}  // namespace crossval
