// How a prompt came to be, as -v shows it in every command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/text/layout.h"
#include "results/comparison.h"

namespace crossval {

/// The rendered text, whole, and each choice made for it with its reason.
std::string prompt_details(const PromptRecord& prompt, const Layout& layout);

/// "ids        1, 2, 3"
std::string ids_line(std::string_view label, const std::vector<TokenId>& ids, const Layout& layout);

}  // namespace crossval
