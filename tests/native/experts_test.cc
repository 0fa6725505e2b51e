#include "native/experts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace crossval {
namespace {

Hparams sigmoid_gating(int64_t experts, int64_t used) {
  Hparams h;
  h.n_expert = experts;
  h.n_expert_used = used;
  h.gating = Gating::sigmoid;
  h.normalise_experts = false;
  return h;
}

TEST(Experts, TheHighestLogitsAreChosenInOrder) {
  const Route r = route(*kernel_sets().front(), sigmoid_gating(4, 2), {}, {0.5F, -1, 2, 1}, 1);
  EXPECT_THAT(r.expert, testing::ElementsAre(2, 3));
  EXPECT_THAT(r.selected, testing::Each(testing::Gt(0.7F)));  // sigmoid(1) = 0.731
}

TEST(Experts, ABiasChoosesButDoesNotWeigh) {
  const float bias[] = {3, 0, 0, 0};
  const Route r = route(*kernel_sets().front(), sigmoid_gating(4, 1), {bias, 4}, {0, -1, 2, 1}, 1);
  EXPECT_THAT(r.expert, testing::ElementsAre(0));
  EXPECT_THAT(r.weight, testing::ElementsAre(0.5F));
}

TEST(Experts, NaNIsChosenLast) {
  std::vector<float> logits(64, std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < logits.size(); i += 3) logits[i] = static_cast<float>(i) / 16;
  Route r = route(*kernel_sets().front(), sigmoid_gating(64, 24), {}, logits, 1);
  EXPECT_TRUE(std::none_of(r.selected.begin(), r.selected.begin() + 22,
                           [](float x) { return std::isnan(x); }));
  EXPECT_TRUE(std::isnan(r.selected[22]) && std::isnan(r.selected[23]));
  std::sort(r.expert.begin(), r.expert.end());
  EXPECT_EQ(std::unique(r.expert.begin(), r.expert.end()), r.expert.end());
}

}  // namespace
}  // namespace crossval
