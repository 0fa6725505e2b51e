// The result of `invariance` as JSON (docs/json.md).
#pragma once

#include <string>

#include "results/invariance.h"

namespace crossval {

std::string invariance_json(const Invariance& result);

}  // namespace crossval
