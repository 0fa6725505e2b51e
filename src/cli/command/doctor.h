// crossval doctor: what this machine and this installation can do.
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_doctor_command();

}  // namespace crossval
