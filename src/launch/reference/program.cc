#include "launch/reference/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/child_process.h"
#include "base/environment.h"
#include "base/run_program.h"
#include "launch/reference/repair.h"
#include "launch/reference/support_files.h"

namespace crossval {
namespace {

constexpr int kNotThere = 4;  // of scripts/reference.sh: not built, and --no-build given
constexpr size_t kMaxPath = 1 << 16;
constexpr const char* kBuildKeys[] = {"profile", "src", "build", "release"};
constexpr const char* kProgramKeys[] = {"worker", "src", "build", "release"};  // one says which

std::string script() { return support_folder() + "/scripts/reference.sh"; }

std::vector<std::string> command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), script());
  return arguments;
}

// The script prints a path as its last line.
std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

Result<ProgramResult> look_up(std::vector<std::string> arguments, const std::stop_token& stop) {
  arguments.emplace_back("--no-build");
  return run_program(command(std::move(arguments)), whole_environment(), {},
                     {.timeout = std::chrono::minutes(2), .max_output = kMaxPath, .stop = stop});
}

tl::unexpected<Error> failed(const std::string& what, const std::string& why) {
  return fail(ExitCode::engine_failed, what, "engine llama.cpp", why);
}

// The last line of what `scripts/reference.sh COMMAND` prints; empty when that is not built.
std::string built(const char* command, const std::stop_token& stop) {
  const auto found = look_up({command}, stop);
  return found && found->signal == 0 && found->exit_status == 0 ? last_line(found->out) : "";
}

// Builds `what`, the script's messages where the launch wants them; minutes.
Result<std::string> build(const std::string& what, std::vector<std::string> arguments,
                          const Launch& launch) {
  const bool shown = launch.messages >= 0;
  const Descriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto made =
      run_program(command(std::move(arguments)), whole_environment(), {},
                  {.timeout = std::chrono::hours(24), .max_output = kMaxPath, .stop = launch.stop},
                  shown ? launch.messages : nothing.get());
  if (!made && made.error().code == ExitCode::interrupted) {
    return fail(ExitCode::interrupted, fmt::format("interrupted while building {}", what));
  }
  if (!made) return tl::unexpected(made.error());
  if (made->signal == 0 && made->exit_status == 0) return last_line(made->out);
  return failed(fmt::format("{} could not be fetched or built: {} {}", what, script(),
                            describe({made->exit_status, made->signal})),
                shown ? "Its messages say why." : "Without -q its messages say why.");
}

bool is_build_tree(const std::string& folder) {
  std::error_code error;
  return std::filesystem::exists(folder + "/CMakeCache.txt", error);
}

Result<std::string> found_or_built(const EngineSpec& spec, std::vector<std::string> arguments,
                                   const Launch& launch) {
  const auto found = look_up(arguments, launch.stop);
  if (!found && found.error().code == ExitCode::interrupted) return tl::unexpected(found.error());
  if (!found) {
    return failed(found.error().what,
                  reference_build() + "\nOr name a worker: llama.cpp:worker=PATH.");
  }
  if (found->signal == 0 && found->exit_status == 0) return last_line(found->out);
  if (found->signal != 0 || found->exit_status != kNotThere) {
    return failed("llama.cpp cannot be used as asked", last_line(found->error_tail));
  }
  if (is_default_reference(spec) && arguments.size() == 1) {
    return failed("the llama.cpp reference is not built",
                  reference_build() + "\nEverything that needs no reference works without it.");
  }
  return build("llama.cpp", std::move(arguments), launch);
}

}  // namespace

Result<LlamaWorker> llama_worker(const EngineSpec& spec, bool of_bitnet, const Launch& launch) {
  const auto is_given = [&](const char* key) { return spec.options.contains(key); };
  const auto keys = std::ranges::count_if(kProgramKeys, is_given);
  if (keys > 1) {
    return fail(ExitCode::usage, "the keys of this llama.cpp contradict each other",
                "engine llama.cpp", "Give at most one of worker, src, build and release.");
  }
  if (is_given("worker")) return LlamaWorker{with_home(spec.get("worker")), {}};
  std::vector<std::string> arguments{"worker"};
  for (const char* key : kBuildKeys) {
    if (!is_given(key)) continue;
    arguments.push_back("--" + std::string(key));
    arguments.push_back(with_home(spec.get(key)));
  }
  LlamaWorker worker;
  if (keys == 0 && of_bitnet && !bitnet_place().empty()) {
    const std::string bitnet = environment_variable("BITNET_CPP_DIR");
    worker.chosen_by = bitnet_place();
    arguments.push_back(is_build_tree(bitnet) ? "--build" : "--src");
    arguments.push_back(bitnet);
  } else if (const std::string program = environment_variable("CROSSVAL_WORKER");
             !names_its_build(spec) && !program.empty()) {
    return LlamaWorker{program, "CROSSVAL_WORKER=" + program};
  } else if (const std::string tree = environment_variable("LLAMA_CPP_DIR");
             keys == 0 && !tree.empty()) {
    worker.chosen_by = "LLAMA_CPP_DIR=" + tree;  // which the script reads
  }
  // What is built already gets a profile's settings when it runs.
  const auto profile = std::ranges::find(arguments, "--profile");
  if (profile != arguments.end() && std::ranges::find(arguments, "--build") != arguments.end())
    arguments.erase(profile, profile + 2);
  auto path = found_or_built(spec, std::move(arguments), launch);
  if (!path) {
    if (!worker.chosen_by.empty()) path.error().where += ", " + worker.chosen_by;
    return tl::unexpected(path.error());
  }
  worker.path = *std::move(path);
  return worker;
}

std::string bitnet_place() {
  const std::string folder = environment_variable("BITNET_CPP_DIR");
  return folder.empty() ? "" : "BITNET_CPP_DIR=" + folder;
}

bool names_its_build(const EngineSpec& spec) {
  return spec.name != "llama.cpp" || spec.options.contains("worker") ||
         std::ranges::any_of(kBuildKeys,
                             [&](const char* key) { return spec.options.contains(key); });
}

bool is_default_reference(const EngineSpec& spec) {
  return !names_its_build(spec) && environment_variable("CROSSVAL_WORKER").empty() &&
         environment_variable("LLAMA_CPP_DIR").empty();
}

std::string default_libraries() { return built("libs", {}); }

std::string built_jinja_renderer(const std::stop_token& stop) {
  std::string given = environment_variable("CROSSVAL_JINJA");
  return given.empty() ? built("jinja", stop) : given;
}

Result<std::string> jinja_renderer(const Launch& launch) {
  std::string found = built_jinja_renderer(launch.stop);
  if (!found.empty()) return found;
  auto made = build("the renderer of chat templates", {"jinja"}, launch);
  if (!made && made.error().code != ExitCode::interrupted) {
    made.error().where.clear();
    made.error().hint +=
        "\n" + reference_build() +
        "\nWithout it --prompt-template raw, instruct, chatml and llama3-chat work.";
  }
  return made;
}

std::string cache_folder() {
  if (const std::string own = environment_variable("CROSSVAL_CACHE"); !own.empty()) return own;
  const std::string shared = environment_variable("XDG_CACHE_HOME");
  return (shared.empty() ? environment_variable("HOME") + "/.cache" : shared) + "/crossval";
}

}  // namespace crossval
