#include "cli/command/doctor.h"

#include "cli/doctor/engines.h"
#include "cli/doctor/machine.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "launch/engine_factory.h"
#include "launch/reference/program.h"
#include "launch/reference/repair.h"
#include "prompt/jinja_process.h"
#include "report/json/diagnosis.h"
#include "report/text/diagnosis.h"

namespace crossval {
namespace {

class DoctorCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    app.add_option("-m,--model", model_.model, "see whether both engines load this model")
        ->type_name("FILE.gguf");
    app.add_option("--reference", reference_, "the reference to look at; llama.cpp by default")
        ->type_name("ENGINE");
    app.footer(engine_help());
  }

  Result<ExitCode> run(Console& console) override {
    const auto diagnosis = diagnose(console);
    if (!diagnosis) return tl::unexpected(diagnosis.error());
    const std::string report = console.format == OutputFormat::json
                                   ? diagnosis_json(*diagnosis)
                                   : diagnosis_text(*diagnosis, {.color = console.color,
                                                                 .width = terminal_width(console)});
    write_output(console, report);
    return exit_code(*diagnosis);
  }

 private:
  Result<Diagnosis> diagnose(const Console& console) {
    auto spec = read_engine_spec(reference_);
    if (!spec) return tl::unexpected(spec.error());
    if (auto known = check_engine_spec(*spec); !known) return tl::unexpected(known.error());
    const Interruption interruption;
    const Launch launch = launch_from(console, {}, interruption.token());
    const auto maker = [&](const EngineSpec& engine) -> MakeEngine {
      return [&, engine](const EngineDefaults& defaults) {
        return make_engine(engine, defaults, launch);
      };
    };
    const MakeEngine native = maker({"native", {}}), reference = maker(*spec);

    Diagnosis diagnosis;
    std::vector<Check>& checks = diagnosis.checks;
    const std::string renderer = built_jinja_renderer(interruption.token());
    checks = {check_program(), check_processor(), check_kernels(), check_cache(cache_folder()),
              check_templates(renderer, jinja_process(renderer, interruption.token()),
                              renderer_repair(renderer))};
    ReferenceProgram program{.is_default = is_default_reference(*spec)};
    if (spec->name == "llama.cpp") {
      const auto worker = llama_worker(*spec, /*of_bitnet=*/false, launch);
      if (worker) program.path = worker->path;
    }
    program.repair = reference_repair(*spec, program.path);
    auto engines = check_reference(native, reference, program, interruption.token());
    if (!engines) return tl::unexpected(engines.error());
    const bool has_reference = engines->front().state != CheckState::problem;
    checks.insert(checks.end(), engines->begin(), engines->end());
    if (const std::string place = bitnet_place(); !place.empty()) {
      auto check = check_bitnet(native, maker({"llama.cpp", {}}), place, interruption.token());
      if (!check) return tl::unexpected(check.error());
      checks.push_back(*std::move(check));
    }
    if (model_.model.empty()) return diagnosis;
    for (const auto& [name, engine, possible] :
         {std::tuple("model-native", native, true),
          std::tuple("model-reference", reference, has_reference)}) {
      if (!possible) continue;
      auto check = check_model(name, engine, model_);
      if (!check) return tl::unexpected(check.error());
      checks.push_back(*std::move(check));
    }
    return diagnosis;
  }

  EngineDefaults model_;
  std::string reference_ = "llama.cpp";
};

}  // namespace

std::unique_ptr<Command> make_doctor_command() { return std::make_unique<DoctorCommand>(); }

}  // namespace crossval
