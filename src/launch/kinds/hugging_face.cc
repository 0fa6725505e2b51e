// hf: Hugging Face's transformers on a checkpoint, by the Python package of engines/python.
#include "engine/hugging_face.h"

#include <fmt/format.h>

#include <utility>

#include "base/environment.h"
#include "base/shell_quote.h"
#include "launch/exec_program.h"
#include "launch/kinds/kinds.h"
#include "launch/reference/support_files.h"

namespace crossval {
namespace {

constexpr std::string_view kKeys[] = {"model", "threads", "dtype", "attn", "device", "python"};

constexpr std::string_view kTypes[] = {"float32", "float16", "bfloat16"};
constexpr std::string_view kAttention[] = {"eager", "sdpa", "flash_attention_2", "flex_attention"};
constexpr KeyWords kWords[] = {{"dtype", kTypes}, {"attn", kAttention}};

constexpr Instead kInstead[] = {
    {"kv", "Transformers keeps keys and values in the type that it computes in: dtype=."},
    {"batch", "Transformers evaluates a prompt in one piece."},
};

Result<std::string> python_path(const EngineSpec& spec) {
  const std::string name = spec.get("python", "python3");
  if (name.find('/') != std::string::npos) return with_home(name);
  std::string found = find_in_path(name);
  if (!found.empty()) return found;
  return fail(ExitCode::engine_failed, "no program in PATH is called " + name, "engine hf",
              "Name the Python that has torch and transformers: hf:DIR,python=PATH.");
}

// Where the package is: beside what the user has there.
std::string package_path() {
  const std::string given = environment_variable("PYTHONPATH");
  return "PYTHONPATH=" + support_folder() + "/engines/python" + (given.empty() ? "" : ":" + given);
}

Result<std::unique_ptr<Engine>> make(const EngineSpec& spec, const EngineDefaults& defaults,
                                     const Launch& launch) {
  const auto python = python_path(spec);
  if (!python) return tl::unexpected(python.error());
  EngineSpec program = spec;
  program.options.erase("python");
  program.command = {*python, "-m", "crossval.transformers"};
  auto options = exec_program(program, defaults, launch);
  if (!options) return tl::unexpected(options.error());
  options->name = "transformers";
  options->variables.push_back(package_path());
  auto engine = make_process_engine(*options);
  if (!engine && engine.error().code == ExitCode::engine_failed && engine.error().hint.empty()) {
    engine.error().hint = fmt::format(
        "It needs numpy, torch and transformers 5: {} -m pip install numpy torch transformers. Or "
        "name a Python that has them: hf:DIR,python=PATH.",
        shell_quoted(*python));
  }
  return engine;
}

}  // namespace

constinit const EngineKind kTransformers = {.name = kHuggingFace,
                                            .keys = kKeys,
                                            .words = kWords,
                                            .instead = kInstead,
                                            .keeps_floats = true,
                                            .make = make};

}  // namespace crossval
