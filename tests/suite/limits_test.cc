#include "suite/limits.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

SuiteStatistics figures() {
  SuiteStatistics s;
  s.positions = 10;
  s.kl.value = 0.5;
  s.nll_difference.value = -0.25;
  s.same_top.value = 0.75;
  s.flips = SuiteFlips{.ties = 3, .decisive = 2};
  return s;
}

LimitState state(PairLimit limit, const SuiteStatistics& of, bool whole = true) {
  return judge_limits({&limit, 1}, of, whole).at(0).state;
}

TEST(PairLimits, AFigureOnItsLimitKeepsIt) {
  EXPECT_EQ(state({LimitedFigure::mean_kl, 0.5}, figures()), LimitState::kept);
  EXPECT_EQ(state({LimitedFigure::mean_kl, 0.49}, figures()), LimitState::broken);
  EXPECT_EQ(state({LimitedFigure::same_top, 0.75}, figures()), LimitState::kept);
  EXPECT_EQ(state({LimitedFigure::same_top, 0.76}, figures()), LimitState::broken);
  EXPECT_EQ(state({LimitedFigure::decisive_flips, 2}, figures()), LimitState::kept);
  EXPECT_EQ(state({LimitedFigure::decisive_flips, 1}, figures()), LimitState::broken);
}

// A candidate of a lower perplexity is as far from its reference as one of a higher.
TEST(PairLimits, ThePerplexitiesRatioHasTwoSides) {
  EXPECT_EQ(state({LimitedFigure::ln_perplexity_ratio, 0.25}, figures()), LimitState::kept);
  EXPECT_EQ(state({LimitedFigure::ln_perplexity_ratio, 0.24}, figures()), LimitState::broken);
}

TEST(PairLimits, WhatIsNotThereKeepsNothing) {
  SuiteStatistics nothing;
  EXPECT_EQ(state({LimitedFigure::max_kl, 1}, nothing), LimitState::broken);
  SuiteStatistics without_floor = figures();
  without_floor.flips.reset();
  EXPECT_EQ(state({LimitedFigure::decisive_flips, 1000}, without_floor), LimitState::broken);
}

TEST(PairLimits, APartIsNotJudged) {
  EXPECT_EQ(state({LimitedFigure::mean_kl, 0.49}, figures(), false), LimitState::not_judged);
  EXPECT_EQ(state({LimitedFigure::mean_kl, 0.5}, figures(), false), LimitState::not_judged);
}

}  // namespace
}  // namespace crossval
