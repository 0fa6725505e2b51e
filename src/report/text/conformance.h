// The result of `conformance` for people.
#pragma once

#include <string>

#include "report/text/layout.h"
#include "results/conformance.h"

namespace crossval {

/// One line per rule, with what is broken below it; then the verdict.
std::string conformance_text(const Conformance& conformance, const Layout& layout);

}  // namespace crossval
