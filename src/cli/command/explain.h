// crossval explain: which operation, which engine, which mistake.
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_explain_command();

}  // namespace crossval
