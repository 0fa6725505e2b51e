// Seeded weight and activation rows for kernel tests, the same on every compiler: ordinary ones,
// and ones made of extreme bytes and values.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "base/float16.h"
#include "quant/block_fields.h"
#include "quant/format.h"

namespace crossval::testing_rows {

class Random {  // splitmix64
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  /// Uniform in [-1, 1), exact in f32.
  float uniform() {
    return static_cast<float>(static_cast<int64_t>(next() >> 40) - (1 << 23)) * 0x1p-23F;
  }
  /// Bell-shaped, about unit variance.
  float normal() { return (uniform() + uniform() + uniform()); }

 private:
  uint64_t state_;
};

inline void store_u16(std::byte* to, uint16_t value) { std::memcpy(to, &value, 2); }

/// rows x n values. Extreme rows are random bytes throughout (scales may be infinite or NaN);
/// ordinary ones have scales like a model's. Fields vary by themselves (rows_test.cc).
inline std::vector<std::byte> weight_rows(const WeightFormat& format, int64_t rows, int64_t n,
                                          bool extreme, Random& random) {
  std::vector<std::byte> bytes(static_cast<size_t>(rows * format.row_bytes(n)));
  for (std::byte& b : bytes) b = static_cast<std::byte>(random.next() >> 56);
  if (extreme) return bytes;
  const size_t blocks = bytes.size() / format.block_bytes;
  for (size_t b = 0; b < blocks; ++b) {
    std::byte* block = bytes.data() + b * format.block_bytes;
    for (const BlockField& field : block_fields(format.type)) {
      for (int e = 0; e < field.count; ++e) {
        auto* to = reinterpret_cast<uint8_t*>(block);
        if (field.kind == FieldKind::half || field.kind == FieldKind::half_min)
          field.set(to, e, f32_to_f16(0.02F * random.normal()));
        if (field.kind == FieldKind::e8m0) field.set(to, e, 110 + random.next() % 16);
        if (field.kind == FieldKind::ue4m3) field.set(to, e, random.next() % 0x50);
      }
    }
    const float value = 0.3F * random.normal();
    if (format.type == WeightType::f32) {  // the lowest bits of `value` are 0
      const uint32_t bits =
          std::bit_cast<uint32_t>(value) ^ static_cast<uint32_t>(random.next() >> 56);
      std::memcpy(block, &bits, sizeof bits);
    }
    if (format.type == WeightType::f16) store_u16(block, f32_to_f16(value));
    if (format.type == WeightType::bf16) store_u16(block, f32_to_bf16(value));
  }
  return bytes;
}

/// rows x n activations. Ordinary rows have a few outliers; extreme ones cycle through edge cases.
inline std::vector<float> activation_rows(int64_t rows, int64_t n, bool extreme, Random& random) {
  std::vector<float> values(static_cast<size_t>(rows * n));
  for (int64_t r = 0; r < rows; ++r) {
    float* row = values.data() + r * n;
    for (int64_t i = 0; i < n; ++i) {
      row[i] = random.normal() * (random.next() % 97 == 0 ? 20.0F : 1.0F);
    }
    if (!extreme) continue;
    switch (r % 8) {
      case 0:  // blocks of zeros between others
        for (int64_t i = 0; i < n; ++i) row[i] = i / 32 % 2 == 0 ? -0.0F : row[i];
        break;
      case 1:  // subnormal: the quantisers' multiplier overflows
        for (int64_t i = 0; i < n; ++i) row[i] *= 1e-42F;
        break;
      case 2:  // one value per block
        for (int64_t i = 0; i < n; ++i) row[i] = i % 32 == 17 ? row[i] : 0.0F;
        break;
      case 3:  // ties of the rounding
        for (int64_t i = 0; i < n; ++i)
          row[i] = i % 32 == 3 ? -127.0F : std::round(row[i] * 20) + 0.5F;
        break;
      case 4:  // beyond binary16
        for (int64_t i = 0; i < n; ++i) row[i] *= 1e8F;
        break;
      case 5:  // near the largest float
        for (int64_t i = 0; i < n; ++i) row[i] *= 1e36F;
        break;
      case 6:  // equal magnitudes, first of them negative
        for (int64_t i = 0; i < n; ++i) row[i] = i % 3 == 0 ? -0.75F : 0.75F;
        break;
      default:  // an infinity
        row[n / 2] = r % 16 == 7 ? std::numeric_limits<float>::infinity()
                                 : -std::numeric_limits<float>::infinity();
        break;
    }
  }
  return values;
}

/// Equal bits, or both NaN (whose payload no operation defines).
inline bool same_float(float a, float b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

}  // namespace crossval::testing_rows
