#include "cli/reference_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "base/child_process.h"
#include "base/run_program.h"
#include "cli/reference_repair.h"

namespace crossval {
namespace {

constexpr int kNotThere = 4;  // of scripts/reference.sh: not built, and --no-build given
constexpr int kUsage = 64;    // of scripts/reference.sh
constexpr size_t kMaxPath = 1 << 16;
constexpr const char* kBuildKeys[] = {"profile", "src", "build", "release"};

std::string script() { return CROSSVAL_SOURCE_DIR "/scripts/reference.sh"; }

std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> whole_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

std::vector<std::string> command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), script());
  return arguments;
}

// The script prints a path as its last line.
std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

Result<ProgramResult> look_up(std::vector<std::string> arguments) {
  arguments.emplace_back("--no-build");
  return run_program(command(std::move(arguments)), whole_environment(), {},
                     {.timeout = std::chrono::minutes(2), .max_output = kMaxPath});
}

tl::unexpected<Error> failed(const std::string& what, const std::string& why) {
  return fail(ExitCode::engine_failed, what, "engine llama.cpp", why);
}

// The last line of what `scripts/reference.sh COMMAND` prints; empty when that is not built.
std::string built(const char* command) {
  const auto found = look_up({command});
  return found && found->signal == 0 && found->exit_status == 0 ? last_line(found->out) : "";
}

// Builds with the script's messages on our stderr; minutes.
Result<std::string> build(std::vector<std::string> arguments, const Console& console,
                          const std::stop_token& stop) {
  auto output = make_channel();
  if (!output) return tl::unexpected(output.error());
  const Descriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  const int messages = console.quiet ? nothing.get() : fileno(console.err);
  const auto child = spawn_child(command(std::move(arguments)), whole_environment(), nothing.get(),
                                 output->theirs.get(), messages, false);
  if (!child) return tl::unexpected(child.error());
  output->theirs.reset();
  std::string text;
  std::array<char, 4096> part;
  while (!stop.stop_requested()) {
    const ssize_t got = read(output->ours.get(), part.data(), part.size());
    if (got == 0 || (got < 0 && errno != EINTR)) break;
    if (got > 0 && text.size() < kMaxPath) text.append(part.data(), static_cast<size_t>(got));
  }
  if (stop.stop_requested()) ::kill(*child, SIGTERM);
  const ChildEnd end = reap_child(*child);
  if (stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted while building");
  if (end.signal == 0 && end.exit_status == kUsage) {
    return fail(ExitCode::usage, "the keys of this llama.cpp contradict each other",
                "engine llama.cpp", "Give at most one of src, build and release.");
  }
  if (end.signal != 0 || end.exit_status != 0) {
    return failed("llama.cpp could not be fetched or built: " + script() + " " + describe(end),
                  "Its messages say why.");
  }
  return last_line(text);
}

}  // namespace

std::string with_home(const std::string& path) {
  if (path != "~" && !path.starts_with("~/")) return path;
  return environment_variable("HOME") + path.substr(1);
}

Result<std::string> llama_worker(const EngineSpec& spec, const Console& console,
                                 std::stop_token stop) {
  if (spec.options.contains("worker")) return with_home(spec.get("worker"));
  std::vector<std::string> arguments{"worker"};
  for (const char* key : kBuildKeys) {
    if (!spec.options.contains(key)) continue;
    arguments.push_back("--" + std::string(key));
    arguments.push_back(with_home(spec.get(key)));
  }
  if (!names_its_build(spec)) {
    std::string given = environment_variable("CROSSVAL_WORKER");
    if (!given.empty()) return given;
  }
  const auto found = look_up(arguments);
  if (!found) {
    return failed(found.error().what,
                  reference_build() + "\nOr name a worker: llama.cpp:worker=PATH.");
  }
  if (found->signal == 0 && found->exit_status == 0) return last_line(found->out);
  if (found->signal != 0 || found->exit_status != kNotThere) {
    return failed("llama.cpp cannot be used as asked", last_line(found->error_tail));
  }
  if (is_default_reference(spec)) {
    return failed("the llama.cpp reference is not built",
                  reference_build() + "\nEverything that needs no reference works without it.");
  }
  return build(std::move(arguments), console, stop);
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

std::string default_libraries() { return built("libs"); }

std::string jinja_renderer() {
  std::string given = environment_variable("CROSSVAL_JINJA");
  if (!given.empty()) return given;
  return built("jinja");
}

std::string cache_folder() {
  if (const std::string own = environment_variable("CROSSVAL_CACHE"); !own.empty()) return own;
  const std::string shared = environment_variable("XDG_CACHE_HOME");
  return (shared.empty() ? environment_variable("HOME") + "/.cache" : shared) + "/crossval";
}

}  // namespace crossval
