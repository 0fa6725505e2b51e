// An explanation as JSON (docs/json.md).
#pragma once

#include <string>

#include "results/explanation.h"

namespace crossval {

std::string explanation_json(const Explanation& explanation);

}  // namespace crossval
