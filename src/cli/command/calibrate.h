// `crossval calibrate`: the noise floor of an engine.
#pragma once

#include <memory>

#include "cli/command/command.h"

namespace crossval {

std::unique_ptr<Command> make_calibrate_command();

}  // namespace crossval
