// The operations between the products, each on whole rows. docs/arithmetic.md defines their bits.
#pragma once

#include <cstdint>
#include <vector>

#include "model/hparams.h"

namespace crossval {

/// Root-mean-square norm of one row of n values: squares summed one by one in double. `weight` may
/// be null: then the plain normalised row. out may be x.
void rms_norm(const float* x, const float* weight, float eps, int64_t n, float* out);

/// out[i] += x[i]
void add(float* out, const float* x, int64_t n);

/// Which elements of a head are rotated together.
enum class RopePairs : uint8_t {
  adjacent,  // 2i and 2i+1 (llama)
  halves,    // i and i + n_rot/2 (NEOX)
};

/// cos and sin of every pair's angle at one position: table[2i] and table[2i+1], i < n_rot / 2.
/// `factors` (n_rot / 2 values) divide the angles; may be null.
void rope_table(const Rope& rope, const float* factors, int64_t position, float* table);

/// Rotates the first n_rot values of one head in place.
void rope_rotate(const float* table, int64_t n_rot, RopePairs pairs, float* head);

}  // namespace crossval
