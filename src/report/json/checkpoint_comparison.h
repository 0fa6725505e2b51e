// The result of `inspect --against` for programs (docs/json.md). One document.
#pragma once

#include <string>

#include "results/checkpoint_comparison.h"

namespace crossval {

std::string checkpoint_comparison_json(const CheckpointComparison& comparison);

}  // namespace crossval
