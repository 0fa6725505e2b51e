// Planted faults in what only some architectures have.
#pragma once

#include <span>

#include "native/faults.h"

namespace crossval {

/// Each refuses (usage) a model without the thing that it breaks.
std::span<const Fault> feature_faults();

}  // namespace crossval
