// crossval completion: the script that completes command lines in a shell.
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_completion_command();

}  // namespace crossval
