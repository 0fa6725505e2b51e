// Which prompts of a suite a report shows first, and the word of it all.
#pragma once

#include <string>
#include <vector>

#include "results/suite.h"

namespace crossval {

/// "ERROR" of a prompt that an error ended, else the verdict's word.
std::string prompt_word(const SuitePromptResult& prompt);

/// "ERROR" where a prompt of the pair has one, else the worst verdict's word; "NOT-RUN" without a
/// prompt.
std::string pair_word(const SuitePairResult& pair);

/// "ERROR", the worst verdict's word, or "INCOMPLETE" where all is well so far and shards are
/// missing.
std::string suite_word(const SuiteResult& suite);

/// Prompts of a pair that do not pass.
int32_t failed_prompts(const SuitePairResult& pair);

/// What is not identical, worst first: errors, then by verdict, then by distance (1 − cosine), then
/// in the suite's order.
std::vector<const SuitePromptResult*> worst_first(const SuitePairResult& pair);

}  // namespace crossval
