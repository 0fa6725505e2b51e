// Packing by hand-worked cases and edge values; tests/kernels holds it against llama.cpp's own
// rows.
#include "quant/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/float16.h"

namespace crossval {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();

template <class Block>
Block pack_one(ActivationType type, const std::vector<float>& x) {
  EXPECT_EQ(packed_row_bytes(type, static_cast<int64_t>(x.size())), sizeof(Block));
  Block block;
  pack_row_scalar(type, x.data(), static_cast<int64_t>(x.size()),
                  reinterpret_cast<std::byte*>(&block));
  return block;
}

TEST(PackQ8_0, RoundsTiesToEvenAndTheScaleToBinary16) {
  std::vector<float> x(32, 0.0F);  // multiplier 127 / 127 = 1
  x[0] = -127.0F;
  x[1] = 0.5F;
  x[2] = 1.5F;
  x[3] = 2.5F;
  x[4] = -2.5F;
  const auto block = pack_one<BlockQ8_0>(ActivationType::q8_0, x);
  EXPECT_EQ(block.d, 1.0F);
  EXPECT_EQ(block.codes[0], -127);
  EXPECT_EQ(block.codes[1], 0);
  EXPECT_EQ(block.codes[2], 2);
  EXPECT_EQ(block.codes[3], 2);
  EXPECT_EQ(block.codes[4], -2);
  const std::vector<float> thirds(32, 1.0F / 3.0F);
  EXPECT_EQ(pack_one<BlockQ8_0>(ActivationType::q8_0, thirds).d,
            f16_to_f32(f32_to_f16(1.0F / 3.0F / 127.0F)));
}

TEST(PackQ8_1, SumUsesTheUnroundedScale) {
  const std::vector<float> thirds(32, 1.0F / 3.0F);  // all codes 127, their sum 4064
  const auto block = pack_one<BlockQ8_1>(ActivationType::q8_1, thirds);
  EXPECT_EQ(block.codes[31], 127);
  EXPECT_EQ(block.s, f16_to_f32(f32_to_f16(1.0F / 3.0F / 127.0F * 4064.0F)));
}

TEST(PackQ8_0, ZeroRowHasZeroScale) {
  const auto block = pack_one<BlockQ8_0>(ActivationType::q8_0, std::vector<float>(32, -0.0F));
  EXPECT_EQ(block.d, 0.0F);
  EXPECT_EQ(block.codes[7], 0);
}

TEST(PackQ8_1, OverflowingMultiplierGivesMinus128AndScaleZero) {
  const auto block = pack_one<BlockQ8_1>(ActivationType::q8_1, std::vector<float>(32, kTiny));
  EXPECT_EQ(block.d, 0.0F);
  EXPECT_EQ(block.s, 0.0F);  // 32 times -2^31 wraps to zero
  for (const int8_t code : block.codes) EXPECT_EQ(code, -128);
}

TEST(PackQ8_0, InfinityKeepsTheScaleInfinite) {
  std::vector<float> x(32, 1.0F);
  x[9] = -kInf;
  const auto block = pack_one<BlockQ8_0>(ActivationType::q8_0, x);
  EXPECT_EQ(block.d, kInf);
  EXPECT_EQ(block.codes[9], -128);
  EXPECT_EQ(block.codes[0], 0);
}

TEST(PackQ8_K, ScaleCarriesTheSignOfTheFirstLargest) {
  std::vector<float> x(256, 0.0F);
  x[100] = 2.0F;
  x[200] = -2.0F;  // as large, but later
  x[17] = -1.0F;
  const auto block = pack_one<BlockQ8_K>(ActivationType::q8_k, x);
  EXPECT_EQ(block.codes[100], -127);
  EXPECT_EQ(block.codes[200], 127);
  EXPECT_EQ(block.codes[17], 64);  // 63.5 rounds to even
  EXPECT_EQ(block.d, 1.0F / (-127.0F / 2.0F));
  EXPECT_EQ(block.sums[6], -127);
  EXPECT_EQ(block.sums[1], 64);
}

TEST(PackQ8_K, OverflowingMultiplierGivesZeroCodes) {
  const auto block = pack_one<BlockQ8_K>(ActivationType::q8_k, std::vector<float>(256, kTiny));
  EXPECT_EQ(block.d, 0.0F);
  EXPECT_TRUE(std::signbit(block.d));
  EXPECT_EQ(block.codes[0], 0);
}

TEST(Pack, NaNStaysVisibleInEveryType) {
  for (const size_t at : {size_t{0}, size_t{7}, size_t{8}, size_t{31}}) {
    std::vector<float> x(256, 1.0F);
    x[at] = kNaN;
    EXPECT_TRUE(std::isnan(pack_one<BlockQ8_K>(ActivationType::q8_k, x).d)) << at;
    x.resize(32);
    EXPECT_TRUE(std::isnan(pack_one<BlockQ8_0>(ActivationType::q8_0, x).d)) << at;
    EXPECT_TRUE(std::isnan(pack_one<BlockQ8_1>(ActivationType::q8_1, x).d)) << at;
    std::vector<uint16_t> narrow(32);
    auto* out = reinterpret_cast<std::byte*>(narrow.data());
    pack_row_scalar(ActivationType::f16, x.data(), 32, out);
    EXPECT_TRUE(std::isnan(f16_to_f32(narrow[at]))) << at;
    pack_row_scalar(ActivationType::bf16, x.data(), 32, out);
    EXPECT_TRUE(std::isnan(bf16_to_f32(narrow[at]))) << at;
  }
}

}  // namespace
}  // namespace crossval
