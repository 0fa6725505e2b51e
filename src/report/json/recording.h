// The result of `record` as JSON (docs/json.md).
#pragma once

#include <string>

#include "results/recording.h"

namespace crossval {

std::string recording_json(const Recording& recording);

}  // namespace crossval
