// The whole command line as CLI11 knows it: the program's options, the commands and theirs.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/command.h"

namespace crossval {

class CommandLine {
 public:
  /// Options that all commands have write into `console`, which must outlive it.
  explicit CommandLine(Console& console);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App& root() { return root_; }

  /// The command that was parsed, if any.
  Command* chosen() const;

 private:
  CLI::App root_;
  std::vector<std::unique_ptr<Command>> commands_;  // in the order of root's subcommands
};

}  // namespace crossval
