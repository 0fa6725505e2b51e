// Dots of blocks of 32, 64 and 128 that do not follow scalar/blocks32.h: tables of values (IQ4_NL,
// MXFP4, NVFP4) and one- and two-bit codes, all with Q8_0 activations.
#pragma once

#include "kernels/scalar/blocks32.h"
#include "quant/low_bits.h"
#include "quant/nonlinear.h"

namespace crossval::scalar {

inline void block_sums(const int8_t* w, const BlockQ8_0& a, int32_t (&sums)[8]) {
  for (int32_t& sum : sums) sum = 0;
  for (int i = 0; i < 32; ++i) sums[i / 4] += signed_product(w[i], a.codes[i]);
}

/// IQ4_NL, MXFP4: even blocks and odd ones have accumulators of their own; a last block without a
/// partner is added to their total as one integer.
template <class Format>
struct DotPairs32 : UnpackedRow<Format, Codes32, 32> {
  using UnpackedRow<Format, Codes32, 32>::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_0*>(activations);
    Lanes acc[2];
    const size_t count = this->blocks_.size();
    const size_t paired = count / 2 * 2;
    for (size_t b = 0; b < paired; ++b) {
      int32_t sums[8];
      block_sums(this->blocks_[b].codes, a[b], sums);
      accumulate(acc[b % 2], this->blocks_[b].d * a[b].d, sums);
    }
    Lanes both;
    for (int l = 0; l < 8; ++l) both.lane[l] = acc[0].lane[l] + acc[1].lane[l];
    float total = reduce_a(both);
    if (paired < count) {
      const Codes32& w = this->blocks_[paired];
      int32_t sum = 0;
      for (int i = 0; i < 32; ++i) sum += w.codes[i] * a[paired].codes[i];
      total += (w.d * a[paired].d) * static_cast<float>(sum);
    }
    return total;
  }
};

struct BlockNVFP4 {
  float scales[4];
  int8_t codes[64];
};
struct FormatNVFP4 {
  static constexpr int kBytes = NVFP4::kBytes;
  static void unpack(const uint8_t* block, BlockNVFP4& out) {
    NVFP4::unpack(block, out.scales, out.codes);
  }
};

/// NVFP4: 32 values at a time; lanes 0…3 take the scale of the first 16, lanes 4…7 that of the
/// second.
struct DotNVFP4 : UnpackedRow<FormatNVFP4, BlockNVFP4, 64> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_0*>(activations);
    Lanes acc;
    for (const BlockNVFP4& w : blocks_) {
      for (int half = 0; half < 2; ++half, ++a) {
        int32_t sums[8];
        block_sums(w.codes + 32 * half, *a, sums);
        for (int l = 0; l < 8; ++l) {
          const float scale = w.scales[2 * half + l / 4] * a->d;
          acc.lane[l] = std::fma(scale, static_cast<float>(sums[l]), acc.lane[l]);
        }
      }
    }
    return reduce_a(acc);
  }
};

template <class Format, int kElements>
struct BlockLowBits {
  static constexpr int kBytes = Format::kBytes;
  float d;
  int8_t codes[kElements];
  static void unpack(const uint8_t* block, BlockLowBits& out) {
    out.d = Format::unpack(block, out.codes);
  }
};

/// Q1_0: lanes over the four activation blocks of a weight block (the first product is rounded, the
/// others join by fma), then one fma with the weight's scale.
struct DotQ1_0 : UnpackedRow<BlockLowBits<Q1_0, 128>, BlockLowBits<Q1_0, 128>, 128> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_0*>(activations);
    Lanes acc;
    for (const auto& w : blocks_) {
      Lanes of_block;
      for (int part = 0; part < 4; ++part, ++a) {
        int32_t sums[8];
        block_sums(w.codes + 32 * part, *a, sums);
        for (int l = 0; l < 8; ++l) {
          const auto sum = static_cast<float>(sums[l]);
          float& lane = of_block.lane[l];
          lane = part == 0 ? a->d * sum : std::fma(a->d, sum, lane);
        }
      }
      for (int l = 0; l < 8; ++l) acc.lane[l] = std::fma(w.d, of_block.lane[l], acc.lane[l]);
    }
    return reduce_a(acc);
  }
};

/// Q2_0: no lanes; each activation block is one integer, every product and sum is rounded.
struct DotQ2_0 : UnpackedRow<BlockLowBits<Q2_0, 64>, BlockLowBits<Q2_0, 64>, 64> {
  using UnpackedRow::UnpackedRow;
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const BlockQ8_0*>(activations);
    float total = 0;
    for (const auto& w : blocks_) {
      float of_block = 0;
      for (int half = 0; half < 2; ++half, ++a) {
        int32_t sum = 0;
        for (int i = 0; i < 32; ++i) sum += w.codes[32 * half + i] * a->codes[i];
        of_block += a->d * static_cast<float>(sum);
      }
      total += w.d * of_block;
    }
    return total;
  }
};

}  // namespace crossval::scalar
