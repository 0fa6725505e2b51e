#include "cli/doctor/engines.h"

#include <fmt/format.h>

#include <utility>

#include "base/temp_folder.h"
#include "quant/format.h"
#include "session/per_token.h"
#include "synth/synth.h"

namespace crossval {
namespace {

constexpr int32_t kPrompt = 16;   // positions
constexpr int32_t kSteps = 4;     // decoded after them
constexpr double kPatience = 30;  // seconds of silence; the model is tiny

// What must not change a bit of a canonical build: how positions are batched. KV of both types.
struct Plan {
  int64_t batch;
  const char* kv;
};
constexpr Plan kPlans[] = {{512, "f16"}, {7, "f16"}, {7, "f32"}};

class Silent : public PerTokenObserver {
 public:
  void phase(const std::string& /*what*/) override {}
  void progress(int32_t /*done*/, int32_t /*planned*/) override {}
};

// In rows that I2_S can have, of the architecture that every bitnet.cpp knows.
Result<void> write_bitnet_model(const std::string& path) {
  return synthesize({.architecture = "bitnet",
                     .types = {find_weight_format("I2_S")},
                     .layers = 2,
                     .embd = 512,
                     .heads = 4,
                     .kv_heads = 2,
                     .ff = 1536,
                     .path = path});
}

Result<void> write_model(const std::string& path) {
  return synthesize(
      {.types = {find_weight_format("Q4_K"), find_weight_format("Q6_K"), find_weight_format("Q4_0"),
                 find_weight_format("Q8_0"), find_weight_format("F16")},
       .layers = 2,
       .embd = 256,
       .heads = 4,
       .kv_heads = 2,
       .ff = 512,
       .path = path});
}

PerTokenPlan comparison_plan() {
  PerTokenPlan plan;
  for (int32_t i = 0; i < kPrompt; ++i) plan.prompt.ids.push_back((37 * i + i * i) % 256);
  plan.requirement = Requirement::bits;
  plan.max_tokens = kSteps;
  // A build with flash attention is compared too: its bits say what it is.
  plan.asked_differences = {"flash-attention"};
  return plan;
}

Check failed(std::string name, const Error& error) {
  return {std::move(name), CheckState::problem,
          error.where.empty() ? error.what : fmt::format("{} ({})", error.what, error.where),
          error.hint, error.code};
}

std::string identity_text(const EngineIdentity& identity) {
  std::string text = identity.name;
  for (const std::string& part :
       {identity.version, identity.commit.empty() ? "" : "commit " + identity.commit,
        identity.profile, identity.build, identity.isa}) {
    if (!part.empty()) text += (text == identity.name ? " " : ", ") + part;
  }
  return text;
}

std::string place_of(const ReferenceProgram& program) {
  return program.path.empty() ? "" : "; " + program.path;
}

Check without_reference(const Error& error, const ReferenceProgram& program) {
  Check check = failed("reference", error);
  check.detail += place_of(program);
  // Without a program the error says what keeps it away; of one that fails, last words stand there.
  if (check.repair.empty() || !program.path.empty()) {
    check.repair += (check.repair.empty() ? "" : "\n") + program.repair;
  }
  return check;
}

Check canonical(const std::string& name) {
  const char* other = name == "native" ? "itself, which says nothing of a reference,"
                                       : "the native engine in every bit:";
  return {"canonical", CheckState::ok,
          fmt::format("{} equals {} a made-up model of five weight "
                      "types, {} positions and {} decode steps, batch 512 and 7, KV f16 and f32",
                      name, other, kPrompt, kSteps)};
}

// What a reference means that does not have the native engine's bits.
std::string meaning(const EngineIdentity& identity, bool is_default) {
  if (is_default) {
    return "It is built to be canonical. If building it again does not help, report it as a bug "
           "with this output.";
  }
  if (identity.profile == "canonical") {
    return "Its flags are the canonical ones, its source is another: per-token --require bits "
           "--first-diff names the operation in which they part.";
  }
  return "Its arithmetic is its own: --require bits shows rounding beside mistakes. The default "
         "reference has one that is defined.";
}

Check not_canonical(const Comparison& comparison, const Plan& plan,
                    const ReferenceProgram& program) {
  const EngineIdentity& identity = comparison.reference.identity;
  const auto rows = std::ssize(comparison.positions);
  return {"canonical", program.is_default ? CheckState::problem : CheckState::warning,
          fmt::format("{} differs from the native engine in {} of {} rows of a made-up model "
                      "(batch {}, KV {})",
                      identity.name, rows - comparison.identical_rows, rows, plan.batch, plan.kv),
          meaning(identity, program.is_default) + "\n" + program.repair,
          program.is_default ? ExitCode::engine_failed : ExitCode::ok};
}

}  // namespace

Result<std::vector<Check>> check_reference(const MakeEngine& native, const MakeEngine& reference,
                                           const ReferenceProgram& program,
                                           const std::stop_token& stop) {
  const auto folder = TempFolder::make();
  if (!folder) return tl::unexpected(folder.error());
  const std::string model = folder->path() + "/tiny.gguf";
  if (auto ok = write_model(model); !ok) return tl::unexpected(ok.error());
  std::vector<Check> checks;
  const auto failed_here = [&](const Error& error) -> Result<std::vector<Check>> {
    if (error.code == ExitCode::interrupted) return tl::unexpected(error);
    checks.push_back(checks.empty() ? without_reference(error, program)
                                    : failed("canonical", error));
    return checks;
  };
  std::string name;
  for (const Plan& plan : kPlans) {
    const EngineDefaults defaults{.model = model,
                                  .kv = plan.kv,
                                  .context = 64,
                                  .batch = plan.batch,
                                  .timeout_seconds = kPatience};
    const auto theirs = reference(defaults);
    if (!theirs) return failed_here(theirs.error());
    const EngineIdentity& identity = (*theirs)->info().identity;
    name = identity.name;
    if (checks.empty()) {
      checks.push_back({"reference", CheckState::ok, identity_text(identity) + place_of(program)});
    }
    const auto ours = native(defaults);
    if (!ours) return failed_here(ours.error());
    Silent observer;
    const auto comparison = compare_per_token(comparison_plan(), **ours, **theirs, observer, stop);
    if (!comparison) return failed_here(comparison.error());
    if (comparison->verdict != Verdict::identical) {
      checks.push_back(not_canonical(*comparison, plan, program));
      return checks;
    }
  }
  checks.push_back(canonical(name));
  return checks;
}

Result<Check> check_bitnet(const MakeEngine& native, const MakeEngine& bitnet,
                           const std::string& place, const std::stop_token& stop) {
  constexpr const char* kName = "bitnet.cpp";
  const auto folder = TempFolder::make();
  if (!folder) return tl::unexpected(folder.error());
  const EngineDefaults defaults{
      .model = folder->path() + "/tiny.gguf", .context = 64, .timeout_seconds = kPatience};
  if (auto ok = write_bitnet_model(defaults.model); !ok) return tl::unexpected(ok.error());
  const auto failed_here = [&](const Error& error) -> Result<Check> {
    if (error.code == ExitCode::interrupted) return tl::unexpected(error);
    return Check{kName, CheckState::problem, fmt::format("{} ({})", error.what, place),
                 "Set BITNET_CPP_DIR to a tree or a build of bitnet.cpp (docs/bitnet.md), or run: "
                 "unset BITNET_CPP_DIR\n" +
                     error.hint,
                 ExitCode::engine_failed};
  };
  const auto theirs = bitnet(defaults);
  if (!theirs) return failed_here(theirs.error());
  const auto ours = native(defaults);
  if (!ours) return failed_here(ours.error());
  Silent observer;
  const auto comparison = compare_per_token(comparison_plan(), **ours, **theirs, observer, stop);
  if (!comparison) return failed_here(comparison.error());
  const EngineIdentity& identity = (*theirs)->info().identity;
  const std::string who = fmt::format("{}, {}; {}, the reference of I2_S models",
                                      identity_text(identity), identity.api, place);
  const auto rows = std::ssize(comparison->positions);
  if (comparison->verdict == Verdict::identical) {
    return Check{kName, CheckState::ok,
                 fmt::format("{}; equals the native engine in every bit: a made-up I2_S model, {} "
                             "positions and {} decode steps",
                             who, kPrompt, kSteps)};
  }
  return Check{kName, CheckState::warning,
               fmt::format("{}; differs from the native engine in {} of {} rows of a made-up I2_S "
                           "model",
                           who, rows - comparison->identical_rows, rows),
               "docs/bitnet.md says which flags give a build the native engine's bits."};
}

Result<Check> check_model(std::string name, const MakeEngine& engine, const EngineDefaults& model) {
  const auto made = engine(model);
  if (!made && made.error().code == ExitCode::interrupted) return tl::unexpected(made.error());
  if (!made) return failed(std::move(name), made.error());
  const EngineInfo& info = (*made)->info();
  return Check{std::move(name), CheckState::ok,
               fmt::format("{} loads {}", info.identity.name, info.settings.model_description)};
}

}  // namespace crossval
