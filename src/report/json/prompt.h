// The prompt of a result, and what was warned about, as JSON.
#pragma once

#include <vector>

#include "report/json/values.h"
#include "results/comparison.h"

namespace crossval {

/// The text and each choice made for it, with its reason.
Json json_prompt(const PromptRecord& prompt);

Json json_warnings(const std::vector<Warning>& warnings);

}  // namespace crossval
