// The page beside what `explain --repro` writes.
#pragma once

#include <string>

#include "results/explanation.h"

namespace crossval {

/// Of an explanation with a reproduction, in Markdown. `command`: shows it again.
std::string reproduction_readme(const Explanation& explanation, const std::string& command);

}  // namespace crossval
