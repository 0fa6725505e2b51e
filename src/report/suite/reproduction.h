// How one prompt of a suite is looked at alone.
#pragma once

#include <cstdint>
#include <string>

#include "results/suite.h"

namespace crossval {

/// One line for bash or zsh: the prompt, by its index, out of the suite's folder and through
/// `per-token` under the pair's engines and limits. Safe to print: a word with controls, invisible
/// characters or bytes that are no UTF-8 is written as $'…' with octal escapes.
std::string reproduce_command(const SuiteResult& suite, const SuitePairResult& pair,
                              int32_t prompt);

/// Likewise, with what explains it.
std::string explain_command(const SuiteResult& suite, const SuiteExplanation& run);

}  // namespace crossval
