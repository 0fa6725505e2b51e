// Dots of super-blocks of 256 that have no minima: IQ2, IQ3, IQ4_XS (fma per block), ternary ones
// (product, then sum), and IQ1 with its shifts. Lanes as in scalar/k_quants.h.
#pragma once

#include "kernels/scalar/k_quants.h"
#include "quant/iq1_quants.h"
#include "quant/iq_quants.h"
#include "quant/nonlinear.h"
#include "quant/ternary.h"

namespace crossval::scalar {

/// The factor of the format is applied once, to the finished sum.
template <class Format>
struct DotScaled256 : UnpackedRow<Format, Codes256, 256> {
  using UnpackedRow<Format, Codes256, 256>::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    for (const Codes256& w : this->blocks_) {
      int32_t sums[8] = {};
      add_scaled_codes(w, 0, *a, sums);
      accumulate(acc, a->d * w.d, sums);
      ++a;
    }
    return Format::kFactor * reduce_a(acc);
  }
};

/// TQ1_0, TQ2_0: lanes of unsigned codes, less the sums of groups 2l and 2l+1 as in Q6_K; the lane
/// is rounded after the product with the scales and again after the sum.
template <class Format>
struct DotTernary : UnpackedRow<Format, Codes256, 256> {
  using UnpackedRow<Format, Codes256, 256>::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    for (const Codes256& w : this->blocks_) {
      int32_t sums[8] = {};
      add_scaled_codes(w, 1, *a, sums);
      for (int l = 0; l < 8; ++l) {
        const int32_t lane = sums[l] - (a->sums[2 * l] + a->sums[2 * l + 1]);
        acc.lane[l] = static_cast<float>(lane) * (a->d * w.d) + acc.lane[l];
      }
      ++a;
    }
    return reduce_a(acc);
  }
};

/// IQ1_S: the shifts of a block are one integer (its groups of 32 share one), added to a running
/// float as product and sum; an eighth of that is added last.
struct DotIQ1_S : UnpackedRow<IQ1_S, CodesIq1, 256> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    float shifts = 0;
    for (const CodesIq1& w : blocks_) {
      int32_t of_block = 0;
      for (int g = 0; g < 16; ++g) of_block += w.shift[2 * g] * w.scale[g] * a->sums[g];
      int32_t sums[8] = {};
      add_scaled_codes(w, 0, *a, sums);
      const float d = a->d * w.d;
      accumulate(acc, d, sums);
      shifts += d * static_cast<float>(of_block);
      ++a;
    }
    return reduce_a(acc) + 0.125F * shifts;
  }
};

/// IQ1_M: the shifts have eight lanes of their own, formed as those of the codes.
struct DotIQ1_M : UnpackedRow<IQ1_M, CodesIq1, 256> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_K*>(activations);
    Lanes acc;
    Lanes shifts;
    for (const CodesIq1& w : blocks_) {
      int32_t sums[8] = {};
      add_scaled_codes(w, 0, *a, sums);
      int32_t of_shifts[8] = {};
      for (int i = 0; i < 256; ++i) {
        of_shifts[i % 32 / 4] += w.shift[i / 8] * w.scale[i / 16] * a->codes[i];
      }
      accumulate(acc, a->d * w.d, sums);
      accumulate(shifts, a->d * w.d, of_shifts);
      ++a;
    }
    return reduce_a(acc) + 0.125F * reduce_a(shifts);
  }
};

}  // namespace crossval::scalar
