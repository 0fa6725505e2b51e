// Prompt sets that come with the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "suite/prompts.h"

namespace crossval {

std::vector<std::string> built_in_prompt_sets();
bool is_built_in_prompt_set(std::string_view name);

/// The prompts of a set that there is.
std::vector<SuitePrompt> built_in_prompts(std::string_view name);

}  // namespace crossval
