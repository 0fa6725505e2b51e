#include "cli/command/conformance.h"

#include <string>

#include "cli/interrupt.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/engine_options.h"
#include "cli/progress.h"
#include "conformance/conformance.h"
#include "launch/engine_factory.h"
#include "launch/exec_program.h"
#include "report/json/conformance.h"
#include "report/text/conformance.h"

namespace crossval {
namespace {

class ConformanceCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    app.add_option("engine", engine_, "the program: exec:COMMAND, with keys or without")
        ->type_name("ENGINE")
        ->required();
    app.add_option("-m,--model", defaults_.model, "the model that it is to load")
        ->group("Engines")
        ->type_name("FILE.gguf");
    add_running_options(app, defaults_);
    app.footer(engine_help());
  }

  Result<ExitCode> run(Console& console) override {
    const auto spec = read_engine_spec(engine_);
    if (!spec) return tl::unexpected(spec.error());
    if (auto known = check_engine_spec(*spec); !known) return tl::unexpected(known.error());
    if (spec->name != kExec) {
      return fail(ExitCode::usage, "engine " + spec->name + " is no program of its own", {},
                  "Name a program that speaks the protocol: crossval conformance exec:COMMAND.");
    }
    const Interruption interruption;
    const auto program =
        exec_program(*spec, defaults_, launch_from(console, {}, interruption.token()));
    if (!program) return tl::unexpected(program.error());
    Progress progress(console);
    const auto found = check_conformance(
        *program, [&](std::string_view rule) { progress.phase(std::string(rule)); });
    if (!found) return tl::unexpected(found.error());
    progress.finish();
    const Layout layout = {.color = console.color, .width = terminal_width(console)};
    write_output(console, console.format == OutputFormat::json ? conformance_json(*found)
                                                               : conformance_text(*found, layout));
    return exit_code(*found);
  }

 private:
  std::string engine_;
  EngineDefaults defaults_;
};

}  // namespace

std::unique_ptr<Command> make_conformance_command() {
  return std::make_unique<ConformanceCommand>();
}

}  // namespace crossval
