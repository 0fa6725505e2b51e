// crossval man: the manual page, for man(1).
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_man_command();

}  // namespace crossval
