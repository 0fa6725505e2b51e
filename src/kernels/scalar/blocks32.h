// Dots of 32-value blocks: lane l takes elements 4l…4l+3 of each block as an exact integer.
#pragma once

#include "kernels/scalar/lanes.h"
#include "quant/activation.h"
#include "quant/blocks32.h"

namespace crossval::scalar {

/// w * a for signed codes. An activation code of -128 (only an overflowed scale makes one) has no
/// positive counterpart in eight bits: its product with a negative weight keeps the weight's sign.
inline int32_t signed_product(int8_t w, int8_t a) { return w < 0 && a == -128 ? w * 128 : w * a; }

/// Q4_0, Q5_0, Q8_0 with Q8_0 activations.
template <class Format>
struct SignedDot32 : UnpackedRow<Format, Codes32, 32> {
  using UnpackedRow<Format, Codes32, 32>::UnpackedRow;

  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_0*>(activations);
    Lanes acc;
    for (const Codes32& w : this->blocks_) {
      int32_t sums[8] = {};
      for (int i = 0; i < 32; ++i) sums[i / 4] += signed_product(w.codes[i], a->codes[i]);
      accumulate(acc, w.d * a->d, sums);
      ++a;
    }
    return reduce_a(acc);
  }
};

/// Q4_1, Q5_1 with Q8_1 activations: the minima meet the activation sums in a running float.
template <class Format>
struct MinDot32 : UnpackedRow<Format, Codes32, 32> {
  using UnpackedRow<Format, Codes32, 32>::UnpackedRow;

  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_1*>(activations);
    Lanes acc;
    float minima = 0;
    for (const Codes32& w : this->blocks_) {
      minima += w.m * a->s;
      int32_t sums[8] = {};
      for (int i = 0; i < 32; ++i) sums[i / 4] += w.codes[i] * a->codes[i];
      accumulate(acc, w.d * a->d, sums);
      ++a;
    }
    return reduce_a(acc) + minima;
  }
};

}  // namespace crossval::scalar
