// The result of a suite as Markdown, for people.
#pragma once

#include <string>

#include "results/suite.h"

namespace crossval {

inline constexpr int kMostWorstPrompts = 10;

///  a job's summary, an issue:The verdict, a table of pairs, and at most kMostWorstPrompts of those
///  that fail with the commands
/// that show them. GitHub's flavour; what prompts are called cannot change it.
std::string markdown_report(const SuiteResult& suite);

}  // namespace crossval
