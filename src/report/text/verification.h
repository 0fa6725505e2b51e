// The result of `verify` for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/verification.h"

namespace crossval {

std::string verification_text(const Verification& result, const TextOptions& options);

}  // namespace crossval
