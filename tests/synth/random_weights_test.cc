#include "synth/random_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace crossval {
namespace {

class EveryFormat : public ::testing::TestWithParam<const WeightFormat*> {};

TEST_P(EveryFormat, DecodesToTheSpreadThatWasAskedFor) {
  const WeightFormat& format = *GetParam();
  constexpr int64_t kValues = 256 * 400;
  constexpr double kSigma = 0.04;
  std::vector<std::byte> bytes(static_cast<size_t>(format.row_bytes(kValues)));
  std::vector<float> values(kValues);
  Random random(7, "a tensor");
  RandomWeights(format, kSigma).fill(random, bytes);
  format.decode(bytes.data(), values.data(), kValues);
  double sum = 0;
  double squares = 0;
  double largest = 0;
  for (const float value : values) {
    sum += value;
    squares += double{value} * value;
    largest = std::max(largest, std::fabs(double{value}));
  }
  const double deviation = std::sqrt(squares / kValues);
  EXPECT_NEAR(sum / kValues, 0, 0.1 * kSigma);
  EXPECT_GT(deviation, 0.7 * kSigma);
  EXPECT_LT(deviation, 2.0 * kSigma);  // MXFP4 has powers of two only
  EXPECT_LT(largest, 12 * kSigma);
}

TEST_P(EveryFormat, LeavesNoRowWithoutValues) {
  const WeightFormat& format = *GetParam();
  std::vector<std::byte> bytes(static_cast<size_t>(format.row_bytes(256)));
  std::vector<float> values(256);
  Random random(7, "a tensor");
  const RandomWeights weights(format, 0.02F);
  for (int row = 0; row < 2000; ++row) {
    weights.fill(random, bytes);
    format.decode(bytes.data(), values.data(), 256);
    ASSERT_TRUE(std::ranges::any_of(values, [](float value) { return value != 0; })) << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat, ::testing::ValuesIn([] {
                           std::vector<const WeightFormat*> all;
                           for (const WeightFormat& format : weight_formats())
                             if (format.type != WeightType::i2_s)  // ternary_weights_test.cc
                               all.push_back(&format);
                           return all;
                         }()),
                         [](const auto& format) { return std::string(format.param->name); });

TEST(Random, NamesGiveSequencesOfTheirOwn) {
  EXPECT_EQ(Random(1, "x").next(), Random(1, "x").next());
  EXPECT_NE(Random(1, "x").next(), Random(1, "y").next());
  EXPECT_NE(Random(1, "x").next(), Random(2, "x").next());
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  Random random(3);
  double sum = 0;
  double squares = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.01);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
}

}  // namespace
}  // namespace crossval
