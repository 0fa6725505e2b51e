// The result of `conformance` for programs (docs/json.md).
#pragma once

#include <string>

#include "results/conformance.h"

namespace crossval {

/// One document.
std::string conformance_json(const Conformance& conformance);

}  // namespace crossval
