// How one tensor differs from another: the simplest rule that leads from one to the other.
#pragma once

#include "base/thread_pool.h"
#include "inspect/difference/pair_scan.h"
#include "inspect/difference/row_order.h"
#include "inspect/tensor/values.h"
#include "results/inspection.h"

namespace crossval {

/// Of two tensors of equal shape; `scan` is theirs. docs/inspect.md lists the names. What is called
/// equal up to rounding may be in different weight formats.
TensorChange find_change(const TensorValues& a, const TensorValues& b, const PairScan& scan,
                         const RowGroups& groups, const FileNames& names, ThreadPool& pool);

/// Of two tensors of different shapes: reshaped, transposed or shape. A tensor of a type that we do
/// not read has no values.
TensorChange find_shape_change(const GgufTensor& a, const GgufTensor& b,
                               const std::optional<TensorValues>& a_values,
                               const std::optional<TensorValues>& b_values);

}  // namespace crossval
