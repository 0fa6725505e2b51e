// exec: any program that speaks docs/protocol.md.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "base/environment.h"
#include "launch/exec_program.h"
#include "launch/kinds/hello_settings.h"
#include "launch/kinds/kinds.h"

namespace crossval {
namespace {

constexpr std::string_view kKeys[] = {"model", "kv", "threads", "batch", "cwd", "env.NAME"};
constexpr std::string_view kVariable = "env.";

// As the user wrote it, to know it by until it says its name.
std::string name_of(const EngineSpec& spec) {
  std::string name(kExec);
  for (const std::string& word : spec.command) name += (word == spec.command[0] ? ":" : " ") + word;
  return name;
}

Result<std::string> program_path(const EngineSpec& spec) {
  const std::string& program = spec.command[0];
  if (program.find('/') != std::string::npos) return with_home(program);
  std::string found = find_in_path(program);
  if (!found.empty()) return found;
  return fail(ExitCode::engine_failed, "no program in PATH is called " + program,
              "engine " + name_of(spec), "Give its path: exec:./" + program + ".");
}

// Keys that are ours, or that hello_settings has under the protocol's names.
bool is_passed_on(std::string_view key) {
  constexpr std::string_view kOurs[] = {"model", "kv", "threads", "batch", "cwd"};
  return !key.starts_with(kVariable) && std::ranges::find(kOurs, key) == std::end(kOurs) &&
         std::ranges::find(kCommonKeys, key) == std::end(kCommonKeys);
}

Result<std::unique_ptr<Engine>> make(const EngineSpec& spec, const EngineDefaults& defaults,
                                     const Launch& launch) {
  const auto program = exec_program(spec, defaults, launch);
  if (!program) return tl::unexpected(program.error());
  return make_process_engine(*program);
}

}  // namespace

Result<ProcessOptions> exec_program(const EngineSpec& spec, const EngineDefaults& defaults,
                                    const Launch& launch) {
  auto settings = hello_settings(spec, defaults, launch);
  if (!settings) return tl::unexpected(settings.error());
  auto program = program_path(spec);
  if (!program) return tl::unexpected(program.error());
  ProcessOptions options;
  options.name = name_of(spec);
  options.arguments = spec.command;
  options.arguments[0] = *std::move(program);
  options.folder = with_home(spec.get("cwd"));
  options.settings = *std::move(settings);
  std::error_code ignored;  // an empty path stays one
  if (std::string& model = options.settings["model"]; !options.folder.empty())
    model = std::filesystem::absolute(model, ignored).string();
  for (const auto& [key, value] : spec.options) {
    if (key.starts_with(kVariable)) {
      options.variables.push_back(key.substr(kVariable.size()) + "=" + value);
    } else if (is_passed_on(key)) {
      options.settings[key] = value;
    }
  }
  options.environment = options.variables;
  options.timeout = std::chrono::milliseconds(static_cast<int64_t>(defaults.timeout_seconds * 1e3));
  options.stop = launch.stop;
  return options;
}

constinit const EngineKind kExecProgram = {
    .name = kExec, .keys = kKeys, .passes_keys_on = true, .make = make};

}  // namespace crossval
