// Two importance matrices for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/imatrix_comparison.h"

namespace crossval {

std::string imatrix_comparison_text(const ImatrixComparison& comparison,
                                    const TextOptions& options);

}  // namespace crossval
