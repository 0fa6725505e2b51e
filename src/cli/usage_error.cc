#include "cli/usage_error.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "base/nearest_word.h"
#include "base/shell_quote.h"

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

// The option whose value a word between the options most likely is; empty without one.
std::string option_for(const std::string& word, const CLI::App& app) {
  const auto as = [&](const char* option) {
    return app.get_option_no_throw(option) == nullptr
               ? std::string()
               : fmt::format("{} {}", option, shell_word(word));
  };
  if (word.ends_with(".gguf")) return as("--model");
  return word.find(' ') == std::string::npos ? std::string() : as("--prompt");
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
  const bool option = unknown.starts_with('-');
  const std::string name = option ? unknown.substr(0, unknown.find('=')) : unknown;
  std::string near;
  if (name.starts_with("--")) near = nearest_word(name, option_names(app));
  if (!option) {
    near = given.empty() ? nearest_word(name, command_names(root)) : option_for(name, app);
  }
  return {ExitCode::usage, unknown.empty() ? words_about(error) : words_about(name, !given.empty()),
          "command line",
          (near.empty() ? "" : "Did you mean " + near + "? ") + "See crossval " +
              (given.empty() ? "" : app.get_name() + " ") + "--help."};
}

}  // namespace crossval
