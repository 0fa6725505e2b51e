// Dots of unblocked weights (F32, F16, BF16): four accumulators of eight lanes, so element i goes
// to accumulator (i mod 32) / 8, lane i mod 8; what is left over after the last 32 is added one by
// one.
#pragma once

#include <bit>

#include "kernels/scalar/lanes.h"
#include "quant/bytes.h"

namespace crossval::scalar {

inline float load_f32(const uint8_t* p) { return std::bit_cast<float>(load_u32(p)); }
inline float load_bf16(const uint8_t* p) { return bf16_to_f32(load_u16(p)); }

/// The left-over products are added in Tail (float or double); kFused says whether a lane takes a
/// product by fma or by a rounded product and a sum.
template <float (*Load)(const uint8_t*), int kBytes, class Tail, bool kFused,
          float (*Reduce)(const Lanes&)>
class FloatDot {
 public:
  explicit FloatDot(int64_t n) : n_(n) {}
  void load(const uint8_t* row) { row_ = row; }

  float with(const std::byte* activations) const {
    const auto* y = reinterpret_cast<const uint8_t*>(activations);
    Lanes acc[4];
    const int64_t whole = n_ / 32 * 32;
    for (int64_t i = 0; i < whole; ++i) {
      float& lane = acc[i % 32 / 8].lane[i % 8];
      const float a = Load(row_ + i * kBytes);
      const float b = Load(y + i * kBytes);
      lane = kFused ? std::fma(a, b, lane) : a * b + lane;
    }
    Lanes sum;
    for (int l = 0; l < 8; ++l) {
      sum.lane[l] = (acc[0].lane[l] + acc[2].lane[l]) + (acc[1].lane[l] + acc[3].lane[l]);
    }
    Tail total = Reduce(sum);
    for (int64_t i = whole; i < n_; ++i) {
      const float product = Load(row_ + i * kBytes) * Load(y + i * kBytes);
      total += static_cast<Tail>(product);
    }
    return static_cast<float>(total);
  }

 private:
  int64_t n_;
  const uint8_t* row_ = nullptr;
};

using DotF32 = FloatDot<load_f32, 4, float, true, reduce_b>;
using DotF16 = FloatDot<load_f16, 2, double, true, reduce_b>;
using DotBF16 = FloatDot<load_bf16, 2, double, false, reduce_a>;

}  // namespace crossval::scalar
