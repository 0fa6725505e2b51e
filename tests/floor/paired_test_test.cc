#include "floor/paired_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace crossval {
namespace {

// Distances that vary a hundredfold from position to position, of two pairs whose ratio does not.
struct Distances {
  std::vector<double> run, pair;
};
Distances distances(size_t positions, double log_ratio) {
  std::mt19937 random(7);
  std::normal_distribution<double> position(0, 1.5);
  std::normal_distribution<double> rounding(0, 0.09);
  Distances all;
  for (size_t i = 0; i < positions; ++i) {
    const double here = position(random);
    all.pair.push_back(std::exp(here + rounding(random)));
    all.run.push_back(std::exp(here + log_ratio + rounding(random)));
  }
  return all;
}

TEST(PairedTest, KnowsWhatIsLargerByMoreThanTheMargin) {
  const auto [run, pair] = distances(2000, 0.10);
  const PairedTest test = paired_test(run, pair, 0.03);
  EXPECT_EQ(test.word, PairedWord::larger);
  EXPECT_LT(test.positions, 400);
  EXPECT_EQ(test.positions % static_cast<int32_t>(kBlock), 0);
  EXPECT_NEAR(test.log_ratio, 0.10, 0.02);
  // With the margin that it names it is not larger, with a little less it is.
  EXPECT_NE(paired_test(run, pair, test.passing_margin).word, PairedWord::larger);
  EXPECT_EQ(paired_test(run, pair, test.passing_margin - 0.002).word, PairedWord::larger);
}

TEST(PairedTest, KnowsWhatIsNot) {
  const auto [run, pair] = distances(2000, 0);
  const PairedTest test = paired_test(run, pair, 0.03);
  EXPECT_EQ(test.word, PairedWord::as_floor);
  EXPECT_DOUBLE_EQ(test.passing_margin, 0.03);
}

TEST(PairedTest, SaysWhenPositionsDoNotSuffice) {
  const auto [run, pair] = distances(40, 0.05);
  const PairedTest test = paired_test(run, pair, 0.03);
  EXPECT_EQ(test.word, PairedWord::not_enough);
  EXPECT_EQ(test.positions, 40);
  EXPECT_EQ(paired_test({}, {}, 0.03).word, PairedWord::not_enough);
}

TEST(PairedTest, IdenticalPositionsHaveNoRatio) {
  auto [run, pair] = distances(2000, 0);
  for (size_t i = 0; i < run.size(); i += 5) run[i] = 0;
  for (size_t i = 1; i < run.size(); i += 5) pair[i] = 0;
  EXPECT_NEAR(paired_test(run, pair, 0.03).log_ratio, 0, 0.01);
  EXPECT_EQ(paired_test(std::vector<double>(500), pair, 0.03).word, PairedWord::not_enough);
}

TEST(PairedTest, OnePositionThatIsFarOffSaysNothingOfTheOthers) {
  auto [run, pair] = distances(2000, 0);
  run[8] = 1e30;
  EXPECT_EQ(paired_test(run, pair, 0.03).word, PairedWord::as_floor);
}

TEST(LogRatio, ByHand) {
  // Two blocks, of ratios e^0.1 and e^0.3: mean 0.2, standard error √(0.02 / 2).
  std::vector<double> pair(2 * kBlock, 2.0);
  std::vector<double> run(kBlock, 2.0 * std::exp(0.1));
  run.resize(2 * kBlock, 2.0 * std::exp(0.3));
  EXPECT_NEAR(log_ratio(run, pair).mean, 0.2, 1e-12);
  EXPECT_NEAR(log_ratio(run, pair).error, 0.1, 1e-12);
}

}  // namespace
}  // namespace crossval
