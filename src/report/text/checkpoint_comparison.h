// The result of `inspect --against` for people.
#pragma once

#include <string>

#include "report/text/layout.h"
#include "results/checkpoint_comparison.h"

namespace crossval {

std::string checkpoint_comparison_text(const CheckpointComparison& comparison,
                                       const Layout& layout);

}  // namespace crossval
