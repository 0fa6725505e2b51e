// How a tensor's values are distributed: exact quantiles and a histogram, in memory that does not
// grow with the tensor.
#pragma once

#include "inspect/tensor/values.h"
#include "results/inspection.h"

namespace crossval {

/// Fills quantiles (of 0, 0.001, 0.01, 0.05, 0.25, 0.5 and so on, mirrored) and histogram of
/// `inspection`. The bins lie between the quantiles of 0.001 and 0.999, so that a few outliers do
/// not hide the rest. Nothing is filled in without finite values.
void add_distribution(const TensorValues& from, TensorInspection& inspection);

}  // namespace crossval
