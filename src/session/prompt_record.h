// What a result keeps of its prompt.
#pragma once

#include <vector>

#include "prompt/prompt.h"
#include "results/comparison.h"

namespace crossval {

PromptRecord prompt_record(const Prompt& prompt);

std::vector<Warning> prompt_warnings(const Prompt& prompt);

}  // namespace crossval
