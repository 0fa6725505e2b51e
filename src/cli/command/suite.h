// `crossval suite`: many prompts over pairs of engines (docs/suites.md).
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_suite_command();

}  // namespace crossval
