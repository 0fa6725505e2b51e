// The result of `record` for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/recording.h"

namespace crossval {

std::string recording_text(const Recording& recording, const TextOptions& options);

}  // namespace crossval
