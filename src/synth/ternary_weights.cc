#include "synth/ternary_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/float16.h"

namespace crossval {
namespace {

constexpr float kUsualShare = 2.0F / 3.0F;

void store_level(float level, std::byte* to) {
  const uint16_t half = f32_to_f16(level);
  to[0] = static_cast<std::byte>(half & 0xFF);
  to[1] = static_cast<std::byte>(half >> 8);
}

/// A row of codes 0, 1, 2 in blocks of 256 (quant/ternary.h).
void pack_tq2_0(const uint8_t* codes, int64_t cols, float level, std::byte* to) {
  for (; cols > 0; cols -= 256, codes += 256, to += 66) {
    for (int i = 0; i < 256; ++i)
      to[i / 128 * 32 + i % 32] |= static_cast<std::byte>(codes[i] << i % 128 / 32 * 2);
    store_level(level, to + 64);
  }
}

/// Five base-3 digits as a fraction of 243, in 256ths, rounded up.
std::byte five_digits(const uint8_t* codes, int stride, int count) {
  int number = 0;
  for (int k = 0; k < 5; ++k) number = 3 * number + (k < count ? codes[k * stride] : 0);
  return static_cast<std::byte>((number * 256 + 242) / 243);
}

void pack_tq1_0(const uint8_t* codes, int64_t cols, float level, std::byte* to) {
  for (; cols > 0; cols -= 256, codes += 256, to += 54) {
    for (int i = 0; i < 32; ++i) to[i] = five_digits(codes + i, 32, 5);
    for (int i = 0; i < 16; ++i) to[32 + i] = five_digits(codes + 160 + i, 16, 5);
    for (int i = 0; i < 4; ++i) to[48 + i] = five_digits(codes + 240 + i, 4, 4);
    store_level(level, to + 52);
  }
}

void store_float(WeightType type, float value, std::byte* to) {
  if (type == WeightType::f16) {
    store_level(value, to);
  } else {
    std::memcpy(to, &value, sizeof value);
  }
}

}  // namespace

bool TernaryWeights::fits(WeightType type) {
  using enum WeightType;
  return type == i2_s || type == tq1_0 || type == tq2_0 || type == f16 || type == f32;
}

TernaryWeights::TernaryWeights(const WeightFormat& format, I2sLayout layout, float sigma,
                               std::span<const float> norm)
    : format_(format),
      layout_(layout),
      level_(f16_to_f32(f32_to_f16(sigma / std::sqrt(kUsualShare)))) {
  float mean = 0;
  for (const float weight : norm) mean += weight / static_cast<float>(norm.size());
  for (const float weight : norm)
    filled_.push_back(kUsualShare + 0.5F * std::clamp(weight / mean - 1.0F, -0.3F, 0.3F));
}

std::vector<std::byte> TernaryWeights::rows(Random& random, int64_t count, int64_t cols) const {
  std::vector<uint8_t> codes;  // 0, 1, 2 for -level, 0, level
  for (int64_t i = 0; i < count * cols; ++i) {
    const float share = filled_.empty() ? kUsualShare : filled_[static_cast<size_t>(i % cols)];
    const float drawn = random.uniform();
    codes.push_back(drawn >= share ? 1 : drawn < share / 2 ? 0 : 2);
  }
  std::vector<std::byte> bytes(static_cast<size_t>(count * format_.row_bytes(cols)));
  for (int64_t r = 0; r < count; ++r) {
    const uint8_t* row = codes.data() + r * cols;
    std::byte* to = bytes.data() + r * format_.row_bytes(cols);
    switch (format_.type) {
      case WeightType::i2_s:
        for (int64_t c = 0; c < cols; ++c) {
          const I2sPlace place = i2s_place(layout_, r, c, cols);
          bytes[static_cast<size_t>(place.byte)] |= static_cast<std::byte>(row[c] << place.shift);
        }
        break;
      case WeightType::tq1_0:
        pack_tq1_0(row, cols, level_, to);
        break;
      case WeightType::tq2_0:
        pack_tq2_0(row, cols, level_, to);
        break;
      default:
        for (int64_t c = 0; c < cols; ++c) {
          const float value = static_cast<float>(row[c] - 1) * level_;
          store_float(format_.type, value, to + c * format_.block_bytes);
        }
    }
  }
  return bytes;
}

std::vector<std::byte> TernaryWeights::tail() const {
  std::vector<std::byte> bytes(static_cast<size_t>(format_.tail_bytes));
  if (!bytes.empty()) std::memcpy(bytes.data(), &level_, sizeof level_);
  return bytes;
}

}  // namespace crossval
