// The whole command line as CLI11 knows it: the program's options, the commands and theirs.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command/command.h"
#include "cli/options/app_options.h"

namespace crossval {

class CommandLine {
 public:
  /// Options that all commands have write into `console`, which must outlive it.
  explicit CommandLine(Console& console);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// Reads the words behind the program's name. A text when only that is to be printed: --help,
  /// --version. Errors: usage.
  Result<std::optional<std::string>> parse(const std::vector<std::string>& words);

  /// The command that was parsed, if any.
  Command* chosen() const;

  const CLI::App& root() const { return *root_; }

 private:
  std::unique_ptr<CLI::App> root_;
  std::vector<std::unique_ptr<Command>> commands_;  // in the order of root's subcommands
  std::deque<AppOptions> options_;                  // theirs
};

}  // namespace crossval
