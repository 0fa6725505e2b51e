// The result of `per-token` and `compare` as a page.
#pragma once

#include <string>
#include <string_view>

#include "results/comparison.h"

namespace crossval {

/// One self-contained HTML document. `command` reproduces the run; empty: none is shown.
std::string html_report(const Comparison& comparison, std::string_view command);

}  // namespace crossval
