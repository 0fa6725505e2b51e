#include "explain/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "explain/judge.h"

namespace crossval {
namespace {

using testing::ElementsAre;

constexpr double kU = 0x1p-24;

KnownValue of(const Action& action, const std::vector<double>& x, int64_t width,
              const std::vector<double>& slack = {}) {
  ThreadPool pool(1);
  OracleInputs in;
  in.positions = 1;
  in.values = {{x.data(), std::ssize(x)}};
  std::vector<int32_t> chosen;
  return expect(action, in, {slack.empty() ? nullptr : slack.data()}, width, {}, pool, &chosen);
}

TEST(Expectation, BoundsOfSingleRoundings) {
  EXPECT_THAT(of(Scale{2.0F}, {1, -4}, 2).slack, ElementsAre(2 * kU, 8 * kU));
  EXPECT_THAT(of(Columns{1}, {1, 2, 3}, 2).slack, ElementsAre(0, 0));
  EXPECT_THAT(of(Clamp{1.0F}, {1, 2}, 2).slack, ElementsAre(0, 0));
}

TEST(Expectation, CarriesWhatIsNotKnownOfTheInput) {
  EXPECT_THAT(of(Scale{2.0F}, {1, 0}, 2, {0.5, 0.25}).slack, ElementsAre(2 * kU + 1, 0.5));
  EXPECT_THAT(of(Columns{1}, {1, 2, 3}, 2, {0.1, 0.2, 0.3}).slack, ElementsAre(0.2, 0.3));
}

// sum |w| · 0.1 beside the roundings.
TEST(Expectation, ProductsCarryWhatIsNotKnownOfTheirActivations) {
  const std::vector<float> w{1, -2};
  const Matrix matrix{&weight_format(WeightType::f32), reinterpret_cast<const std::byte*>(w.data()),
                      1, 2};
  EXPECT_NEAR(of(MatMul{matrix}, {1, 2}, 1, {0.1, 0.1}).slack[0], 0.3, 1e-6);
}

// sqrt(n) · u · sum |w x|: sqrt(2) · u · (1 + 2).
TEST(Expectation, ProductsAreBoundByTheSizeOfTheirTerms) {
  const std::vector<float> w{1, -1};
  const Matrix matrix{&weight_format(WeightType::f32), reinterpret_cast<const std::byte*>(w.data()),
                      1, 2};
  const KnownValue product = of(MatMul{matrix}, {1, 2}, 1);
  EXPECT_EQ(product.values[0], -1);
  EXPECT_NEAR(product.slack[0], std::sqrt(2.0) * kU * 3, 1e-20);
}

// Codes of Q6_K are 0…63 less 32, and engines add up 32 times a group's scale times its activations
// by itself: where all weights are 0 two sums of 32 · 256 cancel, and leave their roundings.
TEST(Expectation, ProductsLoseRoundingsOfAnOffsetThatIsAddedUpByItself) {
  std::vector<std::byte> block(210);
  std::fill_n(block.begin() + 128, 64, std::byte{0xAA});  // the high bits: codes of 32
  std::fill_n(block.begin() + 192, 16, std::byte{1});     // scales
  block[209] = std::byte{0x3C};                           // d = 1
  const Matrix matrix{&weight_format(WeightType::q6_k), block.data(), 1, 256};
  const std::vector<double> ones(256, 1.0);
  ThreadPool pool(1);
  OracleInputs in;
  in.positions = 1;
  in.values = {{ones.data(), 256}};
  const KnownValue product = expect(MatMul{matrix}, in, {nullptr}, 1,
                                    {.product = ProductRounding::declared}, pool, nullptr);
  EXPECT_NEAR(product.values[0], 0, 1e-9);
  EXPECT_NEAR(product.slack[0], std::sqrt(256.0) * kU * 2 * 32 * 256, 1e-6);
}

TEST(LocalError, IsInUnitsOfTheBoundAndInfiniteWhereOnlyTheValueIs) {
  const KnownValue expected{{1, 2, 3}, {0.1, 0.1, 0.1}, true};
  const float off[] = {1.0F, 2.5F, 3.0F};
  const LocalError error = local_error(off, expected, 7, 3);
  EXPECT_NEAR(error.units, 5, 1e-9);
  EXPECT_EQ(error.position, 7);
  EXPECT_EQ(error.element, 1);
  const float nan[] = {1.0F, 2.0F, std::nanf("")};
  EXPECT_TRUE(std::isinf(local_error(nan, expected, 0, 3).units));
  // Both are ill: the engine made the best of what it was given.
  const KnownValue ill{{1, 2, std::nan("")}, {0.1, 0.1, 0.1}, true};
  EXPECT_EQ(local_error(nan, ill, 0, 3).units, 0);
}

TEST(LocalError, OfAnExactOperationIsAnyDifference) {
  const KnownValue expected{{1}, {0}, true};
  const float same[] = {1.0F};
  const float other[] = {1.0000001F};
  EXPECT_EQ(local_error(same, expected, 0, 1).units, 0);
  EXPECT_GT(local_error(other, expected, 0, 1).units, 1e6);
}

}  // namespace
}  // namespace crossval
