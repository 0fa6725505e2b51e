// The result of `suite` for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/suite.h"

namespace crossval {

/// A line a pair, its figures, the prompts that are farthest apart, the word.
std::string suite_text(const SuiteResult& suite, const TextOptions& options);

}  // namespace crossval
