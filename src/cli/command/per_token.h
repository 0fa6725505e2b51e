// crossval per-token: two engines, one prompt, position by position.
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_per_token_command();

}  // namespace crossval
