#include "launch/reference/repair.h"

#include <fmt/format.h>

#include <filesystem>
#include <initializer_list>

#include "base/environment.h"
#include "base/shell_quote.h"
#include "launch/reference/program.h"
#include "launch/reference/support_files.h"

namespace crossval {
namespace {

// "rm -r 'FOLDER'"
std::string remove_folder_of(const std::string& program) {
  return "rm -r " + shell_quoted(std::filesystem::path(program).parent_path().string());
}

bool is_set(const char* name) { return !environment_variable(name).empty(); }

// "unset A B; " of those that are set
std::string unset(std::initializer_list<const char*> names) {
  std::string set;
  for (const char* name : names) {
    if (is_set(name)) set += fmt::format(" {}", name);
  }
  return set.empty() ? "" : "unset" + set + "; ";
}

}  // namespace

std::string reference_build(const std::string& before) {
  return reference_build_in(support_folder(), before);
}

std::string reference_build_in(const std::string& tree, const std::string& before) {
  std::error_code error;
  const std::string script = tree + "/scripts/reference.sh";
  if (std::filesystem::exists(script, error)) {
    if (!std::filesystem::exists(tree + "/Makefile", error)) {  // installed
      return fmt::format("Run: {0}{1} worker && {1} jinja", before, shell_quoted(script));
    }
    return fmt::format("Run: {}make -C {} reference", before, shell_quoted(tree));
  }
  return fmt::format(
      "crossval's source tree is gone from {}: put it back, or build crossval from another one, "
      "and run there: {}make reference",
      tree, before);
}

std::string reference_repair(const EngineSpec& spec, const std::string& program) {
  if (is_default_reference(spec)) {
    if (program.empty()) return reference_build();
    const std::string libraries = default_libraries();
    return reference_build(remove_folder_of(program) +
                           (libraries.empty() ? "" : " " + shell_quoted(libraries)) + "; ");
  }
  const std::string build = reference_build(unset({"CROSSVAL_WORKER", "LLAMA_CPP_DIR"}));
  return names_its_build(spec) ? "Leave --reference out. " + build : build;
}

std::string renderer_repair(const std::string& path) {
  if (is_set("CROSSVAL_JINJA")) return reference_build(unset({"CROSSVAL_JINJA"}));
  return reference_build(path.empty() ? "" : remove_folder_of(path) + "; ");
}

}  // namespace crossval
