// The hash by which rows and tensors are known again across machines, runs and engines.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "protocol/answers.h"
#include "protocol/row.h"

namespace crossval {

/// XXH3-64, seed 0, of the values as little-endian f32. Every NaN counts as the same value
/// (0x7fc00000), whatever its sign and payload: IEEE 754 leaves them open, and so do processors.
/// Never 0, which stands for none. `scratch` is used where there are NaNs.
uint64_t hash_of(std::span<const float> values, std::vector<float>& scratch);

/// What RowHash says of a row of logits.
RowHash row_hash_of(std::span<const float> logits, std::vector<float>& scratch);

/// The values of the tensor's i-th position that carry meaning: all, or, of attention scores, for
/// each head those of the keys up to the query's own position (heads × (position + 1) values,
/// gathered in `scratch`).
std::span<const float> row_of(const TraceTensor& tensor, int32_t i, std::vector<float>& scratch);

}  // namespace crossval
