// Scripts that complete crossval's commands, options and values at the shell's prompt.
#pragma once

#include <string>
#include <vector>

#include "cli/help/option_table.h"

namespace crossval {

std::string bash_completion(const std::vector<CommandRow>& table);

std::string zsh_completion(const std::vector<CommandRow>& table);

}  // namespace crossval
