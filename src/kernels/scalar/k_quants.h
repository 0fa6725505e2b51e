// Dots of K super-blocks with Q8_K activations. Lane l takes elements 4l…4l+3 of each 32, times the
// scale of their group, as an exact integer over the whole block of 256.
#pragma once

#include "kernels/scalar/lanes.h"
#include "quant/activation.h"
#include "quant/k_quants.h"

namespace crossval::scalar {

/// Adds scale * (code + offset) * activation to the lanes.
inline void add_scaled_codes(const Codes256& w, int offset, const BlockQ8_K& a,
                             int32_t (&sums)[8]) {
  for (int i = 0; i < 256; ++i) {
    sums[i % 32 / 4] += w.scale[i / 16] * (w.codes[i] + offset) * a.codes[i];
  }
}

/// factor[2l] * S[2l] + factor[2l+1] * S[2l+1], S: the activation's sums of 16.
inline int32_t pair_of_sums(const int8_t (&factor)[16], const BlockQ8_K& a, int l) {
  return factor[2 * l] * a.sums[2 * l] + factor[2 * l + 1] * a.sums[2 * l + 1];
}

/// Q2_K: the minima join the same lanes, before the codes.
struct DotQ2_K : UnpackedRow<Q2_K, Codes256, 256> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    for (const Codes256& w : blocks_) {
      int32_t minima[8];
      for (int l = 0; l < 8; ++l) minima[l] = pair_of_sums(w.min, *a, l);
      accumulate(acc, -a->d * w.dmin, minima);
      int32_t sums[8] = {};
      add_scaled_codes(w, 0, *a, sums);
      accumulate(acc, a->d * w.d, sums);
      ++a;
    }
    return reduce_a(acc);
  }
};

/// Q3_K: signed codes, nothing else.
struct DotQ3_K : UnpackedRow<Q3_K, Codes256, 256> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    for (const Codes256& w : blocks_) {
      int32_t sums[8] = {};
      add_scaled_codes(w, 0, *a, sums);
      accumulate(acc, a->d * w.d, sums);
      ++a;
    }
    return reduce_a(acc);
  }
};

/// Q4_K: the minima have four lanes of their own; lane i takes the 32-groups 2i and 2i+1.
struct DotQ4_K : UnpackedRow<Q4_K, Codes256, 256> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    float minima[4] = {};
    for (const Codes256& w : blocks_) {
      for (int i = 0; i < 4; ++i) {
        const int32_t lane = pair_of_sums(w.min, *a, 2 * i) + pair_of_sums(w.min, *a, 2 * i + 1);
        minima[i] = std::fma(-a->d * w.dmin, static_cast<float>(lane), minima[i]);
      }
      int32_t sums[8] = {};
      add_scaled_codes(w, 0, *a, sums);
      accumulate(acc, a->d * w.d, sums);
      ++a;
    }
    return reduce_a(acc) + ((minima[0] + minima[2]) + (minima[1] + minima[3]));
  }
};

/// Q5_K: the minima of a block are one integer, added to a running float as product and sum.
struct DotQ5_K : UnpackedRow<Q5_K, Codes256, 256> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    float minima = 0;
    for (const Codes256& w : blocks_) {
      int32_t of_block = 0;
      for (int l = 0; l < 8; ++l) of_block += pair_of_sums(w.min, *a, l);
      minima += (-a->d * w.dmin) * static_cast<float>(of_block);
      int32_t sums[8] = {};
      add_scaled_codes(w, 0, *a, sums);
      accumulate(acc, a->d * w.d, sums);
      ++a;
    }
    return reduce_a(acc) + minima;
  }
};

/// Q6_K: the lanes hold unsigned codes 0…63; the 32 too much is taken off lane l by the sums of
/// groups 2l and 2l+1, which are not that lane's own elements: the lanes differ from those of
/// signed codes.
struct DotQ6_K : UnpackedRow<Q6_K, Codes256, 256> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    for (const Codes256& w : blocks_) {
      int32_t sums[8] = {};
      add_scaled_codes(w, 32, *a, sums);
      for (int l = 0; l < 8; ++l) sums[l] -= 32 * pair_of_sums(w.scale, *a, l);
      accumulate(acc, a->d * w.d, sums);
      ++a;
    }
    return reduce_a(acc);
  }
};

}  // namespace crossval::scalar
