// The manual page, crossval(1).
#pragma once

#include <string>
#include <vector>

#include "cli/help/option_table.h"

namespace crossval {

/// In roff, for man(1).
std::string man_page(const std::vector<CommandRow>& table);

}  // namespace crossval
