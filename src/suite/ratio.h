// Means over positions whose errors are over prompts.
#pragma once

#include <cstdint>
#include <span>

#include "results/estimate.h"

namespace crossval {

/// One prompt's share in a mean.
struct Part {
  double sum = 0, count = 0;
};

/// Σ of the sums over Σ of the counts. Its standard error is that of a ratio estimator over m
/// prompts, √(m/(m−1) Σ (sᵢ − r nᵢ)²) / Σ nᵢ (W. G. Cochran, Sampling Techniques, 3rd ed., 1977,
/// §6.4, without the finite-population factor): positions of one prompt are not independent. Of one
/// prompt there is none; of nothing there is no mean.
Estimate ratio(std::span<const Part> parts);

/// Student's t that leaves 2.5 % on each side, of so many degrees of freedom (1 or more).
double student_t(int32_t degrees);

}  // namespace crossval
