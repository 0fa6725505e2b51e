#include "cli/command/invariance.h"

#include <algorithm>

#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
#include "launch/engine_factory.h"
#include "launch/ways_to_run.h"
#include "report/json/invariance.h"
#include "report/text/invariance.h"
#include "session/invariance.h"
#include "session/prompt_record.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

class InvarianceCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_single_engine_options(app, engine_);
    add_running_options(app, engine_.defaults);
    app.add_option("--together", together_,
                   "how many of the engine compute at the same time in the last way (default 2)")
        ->group("Invariance")
        ->type_name("N")
        ->check(whole_number(1, 64));
  }

  Result<ExitCode> run(Console& console) override {
    const auto result = vary(console);
    if (!result) return tl::unexpected(result.error());
    const TextOptions options = text_options(console);
    write_output(console, console.format == OutputFormat::json ? invariance_json(*result)
                                                               : invariance_text(*result, options));
    return exit_code(*result);
  }

 private:
  Result<Invariance> vary(const Console& console) {
    Progress progress(console);
    auto opened = open_engine(engine_, prompt_, console);
    if (!opened) return tl::unexpected(opened.error());
    auto& [base, prompt, spec] = opened->prompted;
    const Launch launch = launch_from(console, {}, opened->interruption->token());
    Invariance result;
    auto ids = prompt_ids(prompt, *base);
    if (!ids) return tl::unexpected(ids.error());
    if (auto ok = check_ids(*base, *ids, ExitCode::usage); !ok) return tl::unexpected(ok.error());
    result.tokens = *std::move(ids);
    result.prompt = prompt_record(prompt);
    for (WayToRun& way : ways_to_run(spec, base->info(), together_)) {
      auto cell = run_way(way, *base, result.tokens, launch, progress);
      if (!cell) return tl::unexpected(cell.error());
      result.cells.push_back(*std::move(cell));
    }
    result.engine = base->info();
    result.warnings = all_warnings(prompt, *base);
    return result;
  }

  Result<InvarianceCell> run_way(WayToRun& way, Engine& base, const std::vector<TokenId>& ids,
                                 const Launch& launch, Progress& progress) {
    const auto& varies = base.info().settings.not_invariant_to;
    InvarianceCell cell{.setting = way.setting,
                        .name = way.name,
                        .claimed = std::ranges::find(varies, way.setting) == varies.end(),
                        .why = way.lacking};
    if (!way.lacking.empty()) return cell;
    progress.phase(way.name);
    const auto varied = make_engine(way.engine, engine_.defaults, launch);
    if (!varied) return tl::unexpected(varied.error());
    std::vector<std::unique_ptr<Engine>> others;
    for (int i = 2; way.feeding == Feeding::together && i <= together_; ++i) {
      auto other = make_engine(way.engine, engine_.defaults, launch);
      if (!other) return tl::unexpected(other.error());
      others.push_back(*std::move(other));
    }
    const auto count = static_cast<int32_t>(ids.size());
    auto done = run_cell(
        {.ids = ids, .feeding = way.feeding, .others = others}, **varied, base,
        [&](int32_t rows) { progress.progress(rows, count); }, launch.stop, cell);
    if (!done) return tl::unexpected(done.error());
    return cell;
  }

  PromptOptions prompt_;
  EngineChoice engine_;
  int together_ = 2;
};

}  // namespace

std::unique_ptr<Command> make_invariance_command() { return std::make_unique<InvarianceCommand>(); }

}  // namespace crossval
