#include "native/experts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace crossval {
namespace {

struct Chosen {
  std::vector<int32_t> expert;
  std::vector<float> weight;
  std::vector<float> ranking;
};

/// Of one position whose router has sigmoid.
Chosen choose(const ChooseExperts& how, std::vector<float> logits) {
  const auto n = static_cast<int64_t>(logits.size());
  route_probabilities(*kernel_sets().front(), Gating::sigmoid, logits.data(), n);
  Chosen chosen{std::vector<int32_t>(static_cast<size_t>(how.used)),
                std::vector<float>(static_cast<size_t>(how.used)),
                std::vector<float>(logits.size())};
  choose_experts(how, logits.data(), n, chosen.expert.data(), chosen.weight.data(),
                 chosen.ranking.data());
  return chosen;
}

TEST(Experts, TheHighestLogitsAreChosenInOrder) {
  const Chosen c = choose({.used = 2}, {0.5F, -1, 2, 1});
  EXPECT_THAT(c.expert, testing::ElementsAre(2, 3));
  EXPECT_THAT(c.ranking, testing::ElementsAre(2, 3, 0, 1));
  EXPECT_THAT(c.weight, testing::Each(testing::Gt(0.7F)));  // sigmoid(1) = 0.731
}

TEST(Experts, ABiasChoosesButDoesNotWeigh) {
  const float bias[] = {3, 0, 0, 0};
  const Chosen c = choose({.used = 1, .selection_bias = {bias, 4}}, {0, -1, 2, 1});
  EXPECT_THAT(c.expert, testing::ElementsAre(0));
  EXPECT_THAT(c.weight, testing::ElementsAre(0.5F));
}

TEST(Experts, NaNIsChosenLast) {
  std::vector<float> logits(64, std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < logits.size(); i += 3) logits[i] = static_cast<float>(i) / 16;
  Chosen c = choose({.used = 24}, logits);
  EXPECT_TRUE(
      std::none_of(c.weight.begin(), c.weight.begin() + 22, [](float x) { return std::isnan(x); }));
  EXPECT_TRUE(std::isnan(c.weight[22]) && std::isnan(c.weight[23]));
  std::sort(c.expert.begin(), c.expert.end());
  EXPECT_EQ(std::unique(c.expert.begin(), c.expert.end()), c.expert.end());
}

// Hand calculation: 1 and 3 to a sum of one, times two.
TEST(Experts, ChosenWeightsAreNormalisedThenScaled) {
  float weights[] = {1, 3};
  weigh_chosen(*kernel_sets().front(), {.normalise = true, .scale = 2.0F}, weights, 2);
  EXPECT_THAT(weights, testing::ElementsAre(0.5F, 1.5F));
}

}  // namespace
}  // namespace crossval
