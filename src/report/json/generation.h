// The result of `run` for programs (docs/json.md).
#pragma once

#include <string>

#include "results/generation.h"

namespace crossval {

/// One document.
std::string generation_json(const Generation& generation);

}  // namespace crossval
