// Eight float lanes in plain C++: what every dot product accumulates in, and its two reductions.
// Part of the scalar set; the definitions are in docs/arithmetic.md.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace crossval::scalar {

struct Lanes {
  float lane[8] = {};
};

/// Reduction A: halves, then pairs at distance two, then the last two.
inline float reduce_a(const Lanes& a) {
  float r[4];
  for (int i = 0; i < 4; ++i) r[i] = a.lane[i + 4] + a.lane[i];
  return (r[0] + r[2]) + (r[1] + r[3]);
}

/// Reduction B: halves, then neighbours.
inline float reduce_b(const Lanes& a) {
  float r[4];
  for (int i = 0; i < 4; ++i) r[i] = a.lane[i + 4] + a.lane[i];
  return (r[0] + r[1]) + (r[2] + r[3]);
}

/// acc[l] = fma(scale, sums[l], acc[l]); the integer sums are rounded to f32 first.
inline void accumulate(Lanes& acc, float scale, const int32_t (&sums)[8]) {
  for (int l = 0; l < 8; ++l) {
    acc.lane[l] = std::fma(scale, static_cast<float>(sums[l]), acc.lane[l]);
  }
}

/// The tile of a dot product: Dot unpacks a weight row once (load) and meets every position with
/// it.
template <class Dot>
void tile(const std::byte* weights, int64_t w_stride, int64_t rows, const std::byte* activations,
          int64_t a_stride, int64_t positions, int64_t n, float* out, int64_t out_stride) {
  Dot dot(n);
  for (int64_t r = 0; r < rows; ++r) {
    dot.load(reinterpret_cast<const uint8_t*>(weights + r * w_stride));
    for (int64_t p = 0; p < positions; ++p) {
      out[p * out_stride + r] = dot.with(activations + p * a_stride);
    }
  }
}

/// A row of unpacked blocks.
template <class Format, class Block, int kElements>
class UnpackedRow {
 public:
  explicit UnpackedRow(int64_t n) : blocks_(static_cast<size_t>(n / kElements)) {}
  void load(const uint8_t* row) {
    for (size_t b = 0; b < blocks_.size(); ++b)
      Format::unpack(row + b * Format::kBytes, blocks_[b]);
  }

 protected:
  std::vector<Block> blocks_;
};

}  // namespace crossval::scalar
