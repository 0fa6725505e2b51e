// How near a choice was, and where an engine's values go under another's choice.
#include "explain/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "explain/units.h"

namespace crossval {
namespace {

using testing::ElementsAre;

TEST(ChoiceMargin, IsOfTheWeakestChosenAndTheStrongestLeftOut) {
  const std::vector<double> keys{0.1, 0.4, 0.2, 0.3};
  const std::vector<double> bounds{0.01, 0.02, 0.03, 0.04};
  const std::vector<int32_t> best{1, 3};
  const ChoiceMargin right = margin_of({.used = 2}, keys.data(), bounds.data(), 4, best);
  EXPECT_EQ(right.slot, 1);
  EXPECT_DOUBLE_EQ(right.units(), (0.3 - 0.2) / (0.04 + 0.03));
  const std::vector<int32_t> wrong{2, 1};
  const ChoiceMargin other = margin_of({.used = 2}, keys.data(), bounds.data(), 4, wrong);
  EXPECT_EQ(other.slot, 0);
  EXPECT_DOUBLE_EQ(other.units(), (0.2 - 0.3) / (0.04 + 0.03));
}

TEST(ChoiceMargin, CountsTheBiasThatSelects) {
  const std::vector<double> keys{0.1, 0.2};
  const std::vector<double> bounds{0.1, 0.1};
  const std::vector<float> bias{0.5F, 0.0F};
  const ChooseExperts how{.used = 1, .selection_bias = {.data = bias.data(), .size = 2}};
  const std::vector<int32_t> chosen{0};
  EXPECT_NEAR(margin_of(how, keys.data(), bounds.data(), 2, chosen).units(), 2, 1e-12);
}

TEST(ChoiceMargin, IsInfiniteWithoutAChoice) {
  const std::vector<double> keys{0.1, 0.2};
  const std::vector<double> bounds{0, 0};
  const std::vector<int32_t> both{1, 0};
  EXPECT_TRUE(std::isinf(margin_of({.used = 2}, keys.data(), bounds.data(), 2, both).units()));
  const std::vector<double> ill{NAN, 0.2};
  const std::vector<int32_t> first{0};
  EXPECT_TRUE(std::isinf(margin_of({.used = 1}, ill.data(), bounds.data(), 2, first).units()));
}

TEST(Flips, AreTiesWhereOneSideIsWithinTheLimit) {
  const auto reason = [](double candidate, double reference) {
    return reason_of({.candidate = {{}, candidate}, .reference = {{}, reference}}, kLimit);
  };
  EXPECT_EQ(reason(0.5, 100), FlipReason::tie);
  EXPECT_EQ(reason(-3.5, 2), FlipReason::tie);
  EXPECT_EQ(reason(5, 100), FlipReason::inputs);
  EXPECT_EQ(reason(-5, 100), FlipReason::candidate_router);
  EXPECT_EQ(reason(2, -1e6), FlipReason::reference_router);
  EXPECT_EQ(reason(-5, -5), FlipReason::both_routers);
}

TEST(Flips, AreOfWhichExpertsNotOfTheirOrder) {
  EXPECT_TRUE(same_experts({1, 3}, {3, 1}));
  EXPECT_FALSE(same_experts({1, 3}, {1, 2}));
}

/// Experts e that give (e + 1) · x, of one value each; a position is sent to two of three.
class Forced : public testing::Test {
 protected:
  void SetUp() override {
    graph_.widths = {3, 1, 2, 2, 2, 1};  // probabilities, x, chosen, products, weighed, sum
    const auto op = [&](Action action, std::vector<ValueId> inputs, ValueId output) {
      graph_.ops.push_back({std::move(action), std::move(inputs), output, 7, Role::step});
    };
    op(ChooseExperts{.used = 2}, {0}, 2);
    op(ExpertScale{.by = {.data = factors_.data(), .size = 3}}, {3, 2}, 3);
    op(WeighExperts{}, {3, 2}, 4);
    op(SumExperts{.used = 2}, {4}, 5);
    graph_.head = graph_.ops.size();
  }

  /// The operations on two positions with these experts.
  void run(ForcedRouting& forced, const std::vector<int32_t>& chosen) {
    const std::vector<double> probabilities{0.5, 0.3, 0.2, 0.5, 0.3, 0.2};
    const std::vector<double> copies{10, 10, 100, 100};
    const std::vector<double> of_chosen(4, 0.0);
    const std::vector<double> products(4, 0.0);
    ThreadPool pool(1);
    const auto take = [&](size_t op, std::vector<OracleRows> values) {
      OracleInputs in;
      in.values = std::move(values);
      in.positions = 2;
      in.chosen = chosen;
      forced.take(op, in, chosen, {}, pool);
    };
    take(0, {{probabilities.data(), 3}});
    take(1, {{copies.data(), 2}, {of_chosen.data(), 2}});
    take(2, {{products.data(), 2}, {of_chosen.data(), 2}});
    take(3, {{products.data(), 2}});
    forced.take_own(3, 0, {5, 6});
  }

  std::vector<float> factors_{1, 2, 3};
  Graph graph_;
};

TEST_F(Forced, FollowsTheFirstPositionThatGoesElsewhere) {
  const Routing other{{{7, 0}, {{1, 0}, 9}}, {{7, 1}, {{2, 0}, 9}}};
  ForcedRouting forced(graph_, other);
  run(forced, {0, 1, 0, 1});
  ASSERT_EQ(forced.sums().size(), 1U);
  const auto& [op, sum] = *forced.sums().begin();
  EXPECT_EQ(op, 3U);
  EXPECT_EQ(sum.position, 1);
  // 100 times factors 3 and 1, weighed by the probabilities of experts 2 and 0.
  EXPECT_THAT(sum.forced, ElementsAre(300 * 0.2 + 100 * 0.5));
  EXPECT_THAT(sum.own, ElementsAre(6));
}

TEST_F(Forced, FollowsNothingWhereAllGoTheSameWay) {
  const Routing other{{{7, 0}, {{0, 1}, 9}}, {{7, 1}, {{1, 0}, 9}}};
  ForcedRouting forced(graph_, other);
  run(forced, {0, 1, 0, 1});
  EXPECT_TRUE(forced.sums().empty());
}

}  // namespace
}  // namespace crossval
