// The result of `per-token` for programs (docs/json.md, docs/result.schema.json).
#pragma once

#include <string>

#include "results/comparison.h"

namespace crossval {

/// One document with a final newline.
std::string json_report(const Comparison& comparison);

}  // namespace crossval
