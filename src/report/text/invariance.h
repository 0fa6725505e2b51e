// The result of `invariance` for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/invariance.h"

namespace crossval {

std::string invariance_text(const Invariance& result, const TextOptions& options);

}  // namespace crossval
