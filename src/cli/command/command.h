// What a command of the program is. Each lives in a file of its own, src/cli/command/NAME.cc, and
// has one line in table.cc.
#pragma once

#include <memory>
#include <span>

#include "base/error.h"
#include "cli/console.h"

namespace crossval {

class AppOptions;

class Command {
 public:
  virtual ~Command() = default;

  /// Declares the options; they write into the command's members, so it must outlive `app`.
  virtual void add_options(AppOptions& app) = 0;

  /// Whether there is a document of it for --format json.
  virtual bool writes_json() const { return true; }

  /// Called once, after parsing. The exit code, or an error that the caller prints.
  virtual Result<ExitCode> run(Console& console) = 0;
};

struct CommandEntry {
  const char* name;
  const char* summary;
  std::unique_ptr<Command> (*make)();
};

std::span<const CommandEntry> commands();

}  // namespace crossval
