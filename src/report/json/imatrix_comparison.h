// Two importance matrices as JSON (docs/json.md).
#pragma once

#include <string>

#include "results/imatrix_comparison.h"

namespace crossval {

std::string imatrix_comparison_json(const ImatrixComparison& comparison);

}  // namespace crossval
