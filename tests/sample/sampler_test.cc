// Probabilities are worked out by hand: logits are logarithms of small whole numbers.
#include "sample/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace crossval {
namespace {

// Weights 1, 4, 1, 2: probabilities 1/8, 1/2, 1/8, 1/4.
const std::vector<float> kLogits = {0.0F, std::log(4.0F), 0.0F, std::log(2.0F)};

std::map<int32_t, double> by_id(const SamplingOptions& options,
                                const std::vector<float>& logits = kLogits) {
  std::map<int32_t, double> found;
  for (const TokenChoice& choice : token_choices(logits, options)) {
    EXPECT_TRUE(found.emplace(choice.id, choice.probability).second);
  }
  return found;
}

void expect_choices(const SamplingOptions& options, const std::map<int32_t, double>& expected) {
  const auto found = by_id(options);
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [id, probability] : expected) {
    ASSERT_TRUE(found.contains(id)) << id;
    EXPECT_NEAR(found.at(id), probability, 1e-7) << id;  // the logits are floats
  }
}

TEST(TokenChoices, GreedyTakesTheFirstOfEquals) {
  expect_choices({}, {{1, 1.0}});
  EXPECT_EQ(by_id({}, {2.0F, 5.0F, 5.0F}), (std::map<int32_t, double>{{1, 1.0}}));
}

TEST(TokenChoices, Temperature) {
  expect_choices({.temperature = 1}, {{0, 0.125}, {1, 0.5}, {2, 0.125}, {3, 0.25}});
  // Weights to the power of 1/temperature.
  expect_choices({.temperature = 0.5},
                 {{0, 1 / 22.0}, {1, 16 / 22.0}, {2, 1 / 22.0}, {3, 4 / 22.0}});
  const double root = std::sqrt(2.0);
  expect_choices(
      {.temperature = 2},
      {{0, 1 / (4 + root)}, {1, 2 / (4 + root)}, {2, 1 / (4 + root)}, {3, root / (4 + root)}});
  // Nearly greedy, and nearly uniform.
  expect_choices({.temperature = 1e-300}, {{0, 0}, {1, 1}, {2, 0}, {3, 0}});
  expect_choices({.temperature = 1e300}, {{0, 0.25}, {1, 0.25}, {2, 0.25}, {3, 0.25}});
}

TEST(TokenChoices, AShiftOfAllLogitsChangesNothing) {
  auto shifted = kLogits;
  for (float& logit : shifted) logit += 8192.0F;
  const auto found = by_id({.temperature = 1}, shifted);
  for (const auto& [id, probability] : by_id({.temperature = 1})) {
    EXPECT_NEAR(found.at(id), probability, 1e-3) << id;  // floats this large have steps of 2^-10
  }
}

TEST(TokenChoices, TopK) {
  expect_choices({.temperature = 1, .top_k = 1}, {{1, 1.0}});
  expect_choices({.temperature = 1, .top_k = 2}, {{1, 2 / 3.0}, {3, 1 / 3.0}});
  // Of equals the lowest id.
  expect_choices({.temperature = 1, .top_k = 3}, {{0, 1 / 7.0}, {1, 4 / 7.0}, {3, 2 / 7.0}});
  const std::map<int32_t, double> all = {{0, 0.125}, {1, 0.5}, {2, 0.125}, {3, 0.25}};
  expect_choices({.temperature = 1, .top_k = 4}, all);
  expect_choices({.temperature = 1, .top_k = 1000}, all);
}

TEST(TokenChoices, TopP) {
  // Sums 0.5, 0.75, 0.875, 1 in the order of likelihood.
  expect_choices({.temperature = 1, .top_p = 1e-9}, {{1, 1.0}});
  expect_choices({.temperature = 1, .top_p = 0.499}, {{1, 1.0}});
  expect_choices({.temperature = 1, .top_p = 0.501}, {{1, 2 / 3.0}, {3, 1 / 3.0}});
  expect_choices({.temperature = 1, .top_p = 0.749}, {{1, 2 / 3.0}, {3, 1 / 3.0}});
  expect_choices({.temperature = 1, .top_p = 0.751}, {{0, 1 / 7.0}, {1, 4 / 7.0}, {3, 2 / 7.0}});
  expect_choices({.temperature = 1, .top_p = 0.876}, {{0, 0.125}, {1, 0.5}, {2, 0.125}, {3, 0.25}});
}

TEST(TokenChoices, TopPCountsWhatTopKLeft) {
  // Of 2/3 and 1/3, two thirds are enough up to 0.66; over all four they would not be.
  expect_choices({.temperature = 1, .top_k = 2, .top_p = 0.66}, {{1, 1.0}});
  expect_choices({.temperature = 1, .top_k = 2, .top_p = 0.67}, {{1, 2 / 3.0}, {3, 1 / 3.0}});
}

TEST(TokenChoices, MinP) {
  // Times 0.5, the most likely one's.
  expect_choices({.temperature = 1, .min_p = 1}, {{1, 1.0}});
  expect_choices({.temperature = 1, .min_p = 0.51}, {{1, 1.0}});
  expect_choices({.temperature = 1, .min_p = 0.49}, {{1, 2 / 3.0}, {3, 1 / 3.0}});
  expect_choices({.temperature = 1, .min_p = 0.24}, {{0, 0.125}, {1, 0.5}, {2, 0.125}, {3, 0.25}});
  // At temperature 2 the shares are 2 to √2 to 1 to 1.
  expect_choices({.temperature = 2, .min_p = 0.72}, {{1, 1.0}});
}

TEST(TokenChoices, TheTemperatureLast) {
  // The filters see 0.5, 0.25, 0.125, 0.125; the weights 4 and 2 are squared behind them.
  expect_choices({.temperature = 0.5, .top_p = 0.751, .temperature_last = true},
                 {{0, 1 / 21.0}, {1, 16 / 21.0}, {3, 4 / 21.0}});
  expect_choices({.temperature = 0.5, .min_p = 0.49, .temperature_last = true},
                 {{1, 16 / 20.0}, {3, 4 / 20.0}});
  expect_choices({.temperature = 0.5, .top_p = 0.751}, {{1, 16 / 20.0}, {3, 4 / 20.0}});  // first
}

// Exactly reached: powers of two sum without rounding.
TEST(TokenChoices, AnExactSumIsEnough) {
  const std::vector<float> equal(8, 1.5F);
  const auto found = by_id({.temperature = 1, .top_p = 0.5}, equal);
  EXPECT_EQ(found, (std::map<int32_t, double>{{0, 0.25}, {1, 0.25}, {2, 0.25}, {3, 0.25}}));
}

TEST(Sampler, DrawsByTheGenerator) {
  // splitmix64 of 1234567 as fractions: 0.350, 0.174, 0.532, 0.249, 0.890; ids 0 and 1 have sums
  // 0.125 and 0.625, then 0.75 and 1.
  Sampler sampler({.temperature = 1, .seed = 1234567});
  std::vector<int32_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(sampler.next(kLogits));
  EXPECT_EQ(ids, (std::vector<int32_t>{1, 1, 1, 1, 3}));
}

TEST(Sampler, ASeedGivesOneSequence) {
  const auto sequence = [](uint64_t seed) {
    Sampler sampler({.temperature = 1, .seed = seed});
    std::vector<int32_t> ids;
    for (int i = 0; i < 100; ++i) ids.push_back(sampler.next(kLogits));
    return ids;
  };
  EXPECT_EQ(sequence(1), sequence(1));
  EXPECT_NE(sequence(1), sequence(2));
}

TEST(Sampler, DrawsAsOftenAsProbabilitiesSay) {
  Sampler sampler({.temperature = 1, .seed = 7});
  constexpr int kDraws = 80000;
  std::map<int32_t, int> seen;
  for (int i = 0; i < kDraws; ++i) ++seen[sampler.next(kLogits)];
  double chi_square = 0;
  for (const auto& [id, probability] :
       std::map<int32_t, double>{{0, 0.125}, {1, 0.5}, {2, 0.125}, {3, 0.25}}) {
    const double expected = probability * kDraws;
    chi_square += (seen[id] - expected) * (seen[id] - expected) / expected;
  }
  EXPECT_LT(chi_square, 16.27);  // 3 degrees of freedom, p = 0.001
}

TEST(CheckSampling, RefusesNonsense) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const SamplingOptions& bad : {SamplingOptions{.temperature = -0.1},
                                     {.temperature = kNaN},
                                     {.temperature = kInfinity},
                                     {.top_k = -1},
                                     {.top_p = 0},
                                     {.top_p = -1},
                                     {.top_p = 1.001},
                                     {.top_p = kNaN}}) {
    const auto checked = check_sampling(bad);
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().code, ExitCode::usage);
  }
  for (const SamplingOptions& good :
       {SamplingOptions{}, {.temperature = 2, .top_k = 40, .top_p = 1e-6, .seed = 9}}) {
    EXPECT_TRUE(check_sampling(good).has_value());
  }
}

}  // namespace
}  // namespace crossval
