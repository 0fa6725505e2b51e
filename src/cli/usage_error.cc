#include "cli/usage_error.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "base/nearest_word.h"

namespace crossval {
namespace {

// The first word of the line that was neither an option nor a value; empty without one.
std::string unknown_word(const std::vector<std::string>& words, const CLI::App& root) {
  const auto left = root.remaining(/*recurse=*/true);
  const auto first = std::ranges::find_first_of(words, left);
  return first == words.end() ? std::string() : *first;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& root) {
  std::vector<std::string> names;
  for (const CLI::App* command : root.get_subcommands(nullptr)) {
    names.push_back(command->get_name());
  }
  return names;
}

// `app` is the command, or the program where none was given.
std::string words_about(const std::string& unknown, bool command_given) {
  if (unknown.starts_with('-')) {
    return "there is no option " + unknown + (command_given ? "" : " before a command");
  }
  return command_given ? "unexpected argument \"" + unknown + "\""
                       : "there is no command \"" + unknown + "\"";
}

// CLI11's words for what an option lacks, in ours.
std::string words_about(const CLI::ParseError& error) {
  std::string what = error.what();
  std::ranges::replace(what, '\n', ' ');
  const std::string option = what.substr(0, what.find(": "));
  if (error.get_name() == "ArgumentMismatch") {
    return option + (what.find("At Most") != std::string::npos ? " is given more than once"
                                                               : " needs a value");
  }
  if (what.find("subcommand") != std::string::npos) return "no command given";
  return what;
}

}  // namespace

Error usage_error(const CLI::ParseError& error, const std::vector<std::string>& words,
                  const CLI::App& root) {
  const auto given = root.get_subcommands();
  const CLI::App& app = given.empty() ? root : *given.front();
  const std::string unknown = unknown_word(words, root);
  const std::string name = unknown.substr(0, unknown.find('='));
  std::string near;
  if (name.starts_with("--")) near = nearest_word(name, option_names(app));
  if (given.empty() && !name.starts_with('-')) near = nearest_word(name, command_names(root));
  return {ExitCode::usage, unknown.empty() ? words_about(error) : words_about(name, !given.empty()),
          "command line",
          (near.empty() ? "" : "Did you mean " + near + "? ") + "See crossval " +
              (given.empty() ? "" : app.get_name() + " ") + "--help."};
}

}  // namespace crossval
