#include "cli/command/calibrate.h"

#include <string>

#include "cli/calibrating.h"
#include "cli/interrupt.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/engine_options.h"
#include "cli/progress.h"
#include "launch/context_size.h"
#include "launch/engine_factory.h"
#include "launch/paths.h"
#include "report/json/floor.h"
#include "report/text/floor.h"

namespace crossval {
namespace {

class CalibrateCommand : public Command {
 public:
  CalibrateCommand() { engine_.engine = "llama.cpp"; }

  void add_options(AppOptions& app) override {
    const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
      app.add_option(names, value, help)->group("Engines")->type_name(type);
    };
    add("-m,--model", engine_.defaults.model, "the model", "FILE.gguf");
    add("--engine", engine_.engine,
        "llama.cpp (default), native, oracle or oracle:declared, with keys or without", "ENGINE");
    add_running_options(app, engine_.defaults);
    app.add_option("-o,--output", output_,
                   "write the floor there (default: the cache, where --floor auto finds it)")
        ->group("Output")
        ->type_name("FILE");
    app.footer(engine_help());
  }

  Result<ExitCode> run(Console& console) override {
    const auto known = calibrate(console);
    if (!known) return tl::unexpected(known.error());
    const TextOptions options = text_options(console);
    write_output(console, console.format == OutputFormat::json
                              ? calibration_json(known->floor, known->path)
                              : calibration_text(known->floor, known->path, options));
    return ExitCode::ok;
  }

 private:
  Result<KnownFloor> calibrate(const Console& console) {
    const auto spec = single_engine(engine_);
    if (!spec) return tl::unexpected(spec.error());
    const Interruption interruption;
    const Launch launch = launch_from(console, {}, interruption.token());
    Progress progress(console);
    progress.phase("load");
    const auto engine = make_engine(*spec, engine_.defaults, launch);
    if (!engine) return tl::unexpected(engine.error());
    const FloorSubject subject{*spec, engine_.defaults, **engine};
    if (!output_.empty()) return write_anew(subject, launch, output_, progress);
    const auto place = floor_place(subject, launch);
    if (!place) return tl::unexpected(place.error());
    return write_anew(subject, launch, *place, progress);
  }

  EngineChoice engine_;
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> make_calibrate_command() { return std::make_unique<CalibrateCommand>(); }

}  // namespace crossval
