// An explanation for people: the three numbers, who is wrong where, the operations around it.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/explanation.h"

namespace crossval {

std::string explanation_text(const Explanation& explanation, const TextOptions& options);

/// The one that is wrong, the candidate where both are.
const JudgedEngine& guilty_engine(const Explanation& explanation);

/// What stands behind its word, in one sentence.
std::string explanation_sentence(const Explanation& explanation);

}  // namespace crossval
