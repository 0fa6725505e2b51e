// The result of `match` as JSON (docs/json.md).
#pragma once

#include <string>

#include "results/tensor_matching.h"

namespace crossval {

std::string tensor_matching_json(const TensorMatching& result);

}  // namespace crossval
