#include "compare/top_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace crossval {
namespace {

float ln(double p) { return static_cast<float>(std::log(p)); }

TopRow list(std::vector<std::pair<int32_t, double>> tokens) {
  TopRow row;
  for (const auto& [id, p] : tokens) row.tokens.push_back({id, ln(p)});
  return row;
}

// Logits whose softmax is that, with a constant that must not matter.
std::vector<float> logits(const std::vector<double>& p) {
  std::vector<float> row;
  for (const double x : p) row.push_back(ln(x) + 3.0F);
  return row;
}

TEST(TopMetrics, EqualListsAreAtNoDistance) {
  const TopRow row = list({{4, 0.5}, {1, 0.25}});
  const TopMetrics m = compare_top_rows({.top = &row}, {.top = &row});
  EXPECT_EQ(m.max_abs_diff, 0);
  EXPECT_EQ(m.max_abs_token, -1);
  EXPECT_EQ(m.compared, 2);
  EXPECT_EQ(m.overlap, 2);
  EXPECT_EQ(m.rank, 1);
  EXPECT_NEAR(m.kl_low, 0, 2e-6);
  EXPECT_TRUE(std::isinf(m.kl_high));  // of the other quarter nothing is known
  EXPECT_NEAR(m.candidate_rest, 0.25, 1e-6);
}

// By hand: Δ ln p of token 1 is ln(0.25 / 0.125); KL(r ‖ c) over {4}, {1} and the rest.
TEST(TopMetrics, TwoLists) {
  const TopRow candidate = list({{4, 0.5}, {1, 0.125}}), reference = list({{4, 0.5}, {1, 0.25}});
  const TopMetrics m = compare_top_rows({.top = &candidate}, {.top = &reference});
  EXPECT_NEAR(m.max_abs_diff, std::log(2), 1e-6);
  EXPECT_EQ(m.max_abs_token, 1);
  EXPECT_FALSE(m.at_least);
  EXPECT_NEAR(m.kl_low, 0.25 * std::log(2) + 0.25 * std::log(0.25 / 0.375), 3e-6);
}

// Token 7 is not in the candidate's list, so its probability there is 0.125 at most.
TEST(TopMetrics, ATokenOfOneSideIsBounded) {
  const TopRow candidate = list({{4, 0.5}, {1, 0.125}}), reference = list({{7, 0.5}, {4, 0.25}});
  const TopMetrics m = compare_top_rows({.top = &candidate}, {.top = &reference});
  EXPECT_NEAR(m.max_abs_diff, std::log(0.5 / 0.125), 1e-6);
  EXPECT_EQ(m.max_abs_token, 7);
  EXPECT_TRUE(m.at_least);
  EXPECT_EQ(m.rank, 0);
  EXPECT_EQ(m.overlap, 1);
  EXPECT_EQ(m.of, 2);
  EXPECT_EQ(m.compared, 1);
}

// The truth lies between the bounds: KL(r ‖ c) of the whole distributions, by hand.
TEST(TopMetrics, AWholeRowBoundsTheDivergence) {
  const std::vector<double> r = {0.4, 0.3, 0.2, 0.06, 0.04}, c = {0.35, 0.3, 0.15, 0.1, 0.1};
  const std::vector<float> candidate = logits(c);
  const TopRow reference = list({{0, 0.4}, {1, 0.3}, {2, 0.2}});
  double kl = 0;
  for (size_t i = 0; i < r.size(); ++i) kl += r[i] * std::log(r[i] / c[i]);
  const TopMetrics m = compare_top_rows({.logits = candidate}, {.top = &reference});
  EXPECT_LE(m.kl_low, kl);
  EXPECT_GE(m.kl_high, kl);
  EXPECT_LT(m.kl_high, kl + 0.1);
  EXPECT_EQ(m.candidate_tokens, 5);
  EXPECT_EQ(m.compared, 3);
  EXPECT_NEAR(m.max_abs_diff, std::log(0.2 / 0.15), 1e-6);
  EXPECT_EQ(m.candidate_rest, 0);
}

TEST(TopMetrics, TheMostLikelyTokensOfLogits) {
  const TopRow row = top_row_of(logits({0.1, 0.4, 0.1, 0.4}), 3);
  ASSERT_EQ(row.tokens.size(), 3U);
  EXPECT_EQ(row.tokens[0].id, 1);  // the lower id first among equals
  EXPECT_EQ(row.tokens[1].id, 3);
  EXPECT_EQ(row.tokens[2].id, 0);
  EXPECT_NEAR(row.tokens[0].log_probability, std::log(0.4), 1e-6);
  EXPECT_NEAR(row.rest, 0.1, 1e-6);
  EXPECT_EQ(top_row_of(logits({0.5, 0.5}), 9).tokens.size(), 2U);
}

}  // namespace
}  // namespace crossval
