// crossval match: which tensors of two engines are the same value.
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_match_command();

}  // namespace crossval
