// What has changed between two results of a suite.
#pragma once

#include "results/suite_difference.h"

namespace crossval {

/// Pairs are held together by their names, prompts by their ids; the two may be of two states of a
/// suite. Figures: 1 − the lowest cosine, the largest KL, positions with another most likely token.
SuiteDifference suite_difference(const SuiteResult& before, const SuiteResult& after);

}  // namespace crossval
