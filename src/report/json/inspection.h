// The results of `inspect` for programs (docs/json.md). Each is one document.
#pragma once

#include <string>

#include "results/inspection.h"

namespace crossval {

std::string inspection_json(const Inspection& inspection);
std::string tensor_json(const TensorInspection& inspection);
std::string difference_json(const FileDifference& difference);

}  // namespace crossval
