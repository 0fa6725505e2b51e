// The options of a command, as the commands declare them. CLI11 stands behind this interface, as
// its header costs every file that includes it several seconds of compiling.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "cli/options/checks.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace crossval {

/// One option. What is set here is what --help, completion and the manual page show.
class AppOption {
 public:
  explicit AppOption(CLI::Option& option) : option_(option) {}

  AppOption* type_name(const std::string& name);  // "FILE.gguf"
  AppOption* group(const std::string& heading);   // of --help
  AppOption* check(const ValueCheck& check);
  AppOption* required();
  AppOption* show_default();  // the value that the variable has now
  AppOption* delimiter(char between_values);
  AppOption* repeatable();  // each time with one value
  AppOption* needs(const AppOption* other);
  AppOption* excludes(const AppOption* other);

  /// How often the command line has it.
  size_t count() const;
  std::string name() const;  // "--top-k"

 private:
  CLI::Option& option_;
};

/// Adds options to a command. The command line owns them; pointers stay good as long as this does.
class AppOptions {
 public:
  explicit AppOptions(CLI::App& app) : app_(app) {}
  AppOptions(const AppOptions&) = delete;
  AppOptions& operator=(const AppOptions&) = delete;

  /// `names` is "-m,--model", or "file" for an argument without one. The value is written into
  /// `value`, which must outlive the command line, and keeps what it was when none is given. Types:
  /// those that app_options.cc instantiates.
  template <class T>
  AppOption* add_option(const std::string& names, T& value, const std::string& help);

  AppOption* add_flag(const std::string& names, bool& value, const std::string& help);

  /// One that was added before, by one of its names.
  AppOption* get_option(const std::string& name);

  /// What --help says below the options.
  void footer(const std::string& text);

 private:
  AppOption* keep(CLI::Option& option) { return &options_.emplace_back(option); }

  CLI::App& app_;
  std::deque<AppOption> options_;
};

}  // namespace crossval
