// The result of `verify` as JSON (docs/json.md).
#pragma once

#include <string>

#include "results/verification.h"

namespace crossval {

std::string verification_json(const Verification& result);

}  // namespace crossval
