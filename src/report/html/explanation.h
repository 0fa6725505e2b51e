// The result of `explain` as a page.
#pragma once

#include <string>
#include <string_view>

#include "results/explanation.h"

namespace crossval {

/// One self-contained HTML document. `command` reproduces the run; empty: none is shown.
std::string html_explanation(const Explanation& explanation, std::string_view command);

}  // namespace crossval
