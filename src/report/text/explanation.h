// An explanation for people: the three numbers, who is wrong where, the operations around it.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/explanation.h"

namespace crossval {

std::string explanation_text(const Explanation& explanation, const TextOptions& options);

}  // namespace crossval
