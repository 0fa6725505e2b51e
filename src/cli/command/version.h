#pragma once

#include <memory>
#include <string>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_version_command();

/// Name, version, commit, compiler, flags and C library, one line.
std::string version_line();

}  // namespace crossval
