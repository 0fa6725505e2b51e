#include "session/summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace crossval {
namespace {

PositionResult position(double cosine, bool passed = true, bool identical = false) {
  PositionResult p;
  p.passed = passed;
  p.metrics.cosine = cosine;
  p.metrics.identical = identical;
  return p;
}

Comparison comparison(std::vector<PositionResult> positions) {
  Comparison c;
  c.positions = std::move(positions);
  return c;
}

TEST(Summary, NaNPassesNothing) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  Comparison cosine, bits, log_probabilities;
  bits.requirement = Requirement::bits;
  log_probabilities.requirement = Requirement::log_probabilities;
  PositionResult p = position(kNaN);
  EXPECT_FALSE(passes(p, cosine));
  cosine.cos_tol = -1;
  EXPECT_FALSE(passes(p, cosine));
  EXPECT_FALSE(passes(p, bits));
  EXPECT_FALSE(passes(p, log_probabilities));  // not even compared
  p.metrics.cosine = cosine.cos_tol = 0.999;
  EXPECT_TRUE(passes(p, cosine));
  cosine.cos_tol = 0.9990001;
  EXPECT_FALSE(passes(p, cosine));
  EXPECT_FALSE(passes(p, bits));
  p.metrics.identical = true;
  EXPECT_TRUE(passes(p, bits));
  p.top.emplace().max_abs_diff = kNaN;
  EXPECT_FALSE(passes(p, log_probabilities));
  p.top->max_abs_diff = log_probabilities.logprob_tol;
  EXPECT_TRUE(passes(p, log_probabilities));
}

TEST(Summary, TheFirstWordThatAppliesWins) {
  Comparison c = comparison({position(1, true, true)});
  summarise(c);
  EXPECT_EQ(c.verdict, Verdict::identical);
  EXPECT_FALSE(c.worst.has_value());
  c.positions.push_back(position(0.9999));
  summarise(c);
  EXPECT_EQ(c.verdict, Verdict::match);
  c.positions.push_back(position(0.5, false));
  summarise(c);
  EXPECT_EQ(c.verdict, Verdict::diverged);
  c.health.push_back({"nan", Side::candidate, 0, 0, ""});
  summarise(c);
  EXPECT_EQ(c.verdict, Verdict::unhealthy);
  c.settings.push_back({"model", "a", "b", SettingWeight::refused, ""});
  summarise(c);
  EXPECT_EQ(c.verdict, Verdict::settings_differ);
  c.mismatch.emplace();
  summarise(c);
  EXPECT_EQ(c.verdict, Verdict::tokens_differ);
}

TEST(Summary, ASettingThatWasAskedForClosesNothing) {
  Comparison c = comparison({position(1, true, true)});
  c.settings.push_back({"model", "a", "b", SettingWeight::asked, ""});
  summarise(c);
  EXPECT_EQ(c.verdict, Verdict::identical);
}

TEST(Summary, NothingComparedFailsUnlessAGateIsClosed) {
  Comparison c = comparison({});
  summarise(c);
  EXPECT_EQ(c.verdict, Verdict::unhealthy);
  ASSERT_EQ(c.health.size(), 1U);
  EXPECT_EQ(c.health[0].name, "nothing-compared");
  EXPECT_FALSE(c.passing_cos_tol.has_value());
  Comparison gated = comparison({});
  gated.mismatch.emplace();
  summarise(gated);
  EXPECT_TRUE(gated.health.empty());
}

TEST(Summary, WorstAndSmallestPassingTolerance) {
  Comparison c = comparison({position(1), position(0.8, false), position(0.7, false), position(1)});
  c.positions[3].decode = true;
  c.positions[0].metrics.candidate_argmax = 4;
  c.positions[2].metrics.max_abs_diff = 2.5;
  summarise(c);
  EXPECT_EQ(c.first_divergence, 1);
  EXPECT_EQ(c.worst, 2);
  EXPECT_EQ(c.passing_cos_tol, 0.7);
  EXPECT_EQ(c.max_absolute_diff, 2.5);
  EXPECT_EQ(c.prompt_positions, 3);
  EXPECT_EQ(c.decode_steps, 1);
  EXPECT_EQ(c.argmax_flips, 1);
}

TEST(Summary, OfEqualCosinesTheLongerDistanceIsWorse) {
  Comparison c = comparison({position(1), position(1), position(1)});
  c.positions[1].metrics.relative_l2 = 1e-9;
  summarise(c);
  EXPECT_EQ(c.worst, 1);
}

TEST(Summary, NaNIsTheWorstOfAll) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  Comparison c = comparison({position(0.1), position(kNaN, false), position(-1, false)});
  c.positions[1].healthy = false;
  c.positions[1].metrics.max_abs_diff = kNaN;
  c.positions[2].metrics.max_abs_diff = 7;
  c.health.push_back({"nan", Side::candidate, 0, 0, ""});
  summarise(c);
  EXPECT_EQ(c.worst, 1);
  EXPECT_TRUE(std::isnan(c.max_absolute_diff));
  EXPECT_FALSE(c.passing_cos_tol.has_value());
}

}  // namespace
}  // namespace crossval
