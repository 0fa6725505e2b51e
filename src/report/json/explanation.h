// An explanation as JSON (docs/json.md).
#pragma once

#include <string>

#include "report/json/values.h"
#include "results/explanation.h"

namespace crossval {

/// As a part of another document.
Json json_explanation(const Explanation& explanation);

std::string explanation_json(const Explanation& explanation);

}  // namespace crossval
