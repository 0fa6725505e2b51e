#include "floor/sequential_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace crossval {
namespace {

TEST(SequentialTest, EvidenceByHand) {
  SequentialTest test(1, 0.01);  // c = 1/2
  EXPECT_DOUBLE_EQ(test.evidence(), 1);
  test.add(3);
  EXPECT_NEAR(test.evidence(), 1, 1e-12);  // of one value nothing is known: its scale may be it
  test.add(3);                             // V = 8, S = 4: √(0.5/2.5) · (8 / (8 − 16/2.5))^1
  EXPECT_NEAR(test.evidence(), std::sqrt(0.2) * 5, 1e-12);
  SequentialTest balanced(0, 0.01);
  balanced.add(1);
  balanced.add(-1);
  EXPECT_NEAR(balanced.evidence(), std::sqrt(0.2), 1e-12);
}

TEST(SequentialTest, EqualValuesAreKnownAfterAFew) {
  SequentialTest above(0, 0.01);
  SequentialTest below(2, 0.01);
  for (int i = 0; i < 5; ++i) {
    above.add(1);
    below.add(1);
  }
  EXPECT_EQ(above.side(), BoundSide::above);
  EXPECT_EQ(below.side(), BoundSide::below);
  SequentialTest on(1, 0.01);
  for (int i = 0; i < 1000; ++i) on.add(1);
  EXPECT_EQ(on.side(), BoundSide::unknown);
}

// How many of 4,000 series of 200 values end on that side.
int count(BoundSide side, const std::function<double(std::mt19937&)>& draw) {
  std::mt19937 random(20261129);
  int found = 0;
  for (int series = 0; series < 4000; ++series) {
    SequentialTest test(0, 0.01);
    for (int i = 0; i < 200 && test.side() == BoundSide::unknown; ++i) test.add(draw(random));
    found += test.side() == side ? 1 : 0;
  }
  return found;
}

double normal(std::mt19937& random, double mean) {
  return std::normal_distribution<double>(mean, 1)(random);
}

// 1 % of 4,000 are 40; three standard deviations more are 59.
TEST(SequentialTest, IsNotWrongMoreOftenThanItSays) {
  const auto at_bound = [](std::mt19937& random) { return normal(random, 0); };
  EXPECT_LE(count(BoundSide::above, at_bound), 59);
  EXPECT_LE(count(BoundSide::below, at_bound), 59);
  const auto below = [](std::mt19937& random) { return normal(random, -0.1); };
  EXPECT_LE(count(BoundSide::above, below), 40);
  // Means of 16 values of a skewed distribution, as blocks of log ratios may be.
  const auto skewed = [](std::mt19937& random) {
    double sum = 0;
    for (int i = 0; i < 16; ++i) sum += std::exponential_distribution<double>(1)(random) - 1;
    return sum / 16;
  };
  EXPECT_LE(count(BoundSide::above, skewed), 59);
}

TEST(SequentialTest, FindsWhatIsThere) {
  EXPECT_GE(count(BoundSide::above, [](std::mt19937& r) { return normal(r, 0.5); }), 3990);
  EXPECT_GE(count(BoundSide::below, [](std::mt19937& r) { return normal(r, -0.5); }), 3990);
}

}  // namespace
}  // namespace crossval
