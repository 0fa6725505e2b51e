// Two importance matrices: is what went into each weight the same?
#pragma once

#include "imatrix/file.h"
#include "results/imatrix_comparison.h"

namespace crossval {

/// By name. A weight passes whose mean squares have a cosine of at least `cos_tol` and a relative
/// L2 of at most √(2 (1 − cos_tol)), which is the same of vectors of the same length: a scale shows
/// too. All in double. What the formats cannot say is warned about.
ImatrixComparison compare_imatrices(const Imatrix& candidate, const Imatrix& reference,
                                    double cos_tol);

}  // namespace crossval
