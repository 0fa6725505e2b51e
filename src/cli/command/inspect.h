// `crossval inspect`: what is in a model file, or what two of them differ in.
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_inspect_command();

}  // namespace crossval
