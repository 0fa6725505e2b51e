// The whole program but for the process around it: parses, runs a command, prints errors.
#pragma once

#include "cli/console.h"

namespace crossval {

/// The exit status. Nothing is thrown.
int run_cli(int argc, const char* const* argv, Console console) noexcept;

}  // namespace crossval
