#include "suite/two_by_two.h"

#include <gtest/gtest.h>

#include <cmath>

#include "suite/ratio.h"

namespace crossval {
namespace {

// −ln p of 1, 1.5, 2 and 4: the engine alone costs 0.5, the quantisation 1, both together 3.
TEST(EffectStatistics, TheWholeIsEngineAndQuantisationAndInteraction) {
  EffectStatistics statistics;
  statistics.add(0, {{{-1, -1.5}, {-2, -4}}});
  TwoByTwo t;
  statistics.finish(t);
  EXPECT_DOUBLE_EQ(t.engine[0].mean.value, 0.5);
  EXPECT_DOUBLE_EQ(t.engine[1].mean.value, 2);
  EXPECT_DOUBLE_EQ(t.quantisation[0].mean.value, 1);
  EXPECT_DOUBLE_EQ(t.quantisation[1].mean.value, 2.5);
  EXPECT_DOUBLE_EQ(t.interaction.mean.value, 1.5);
  EXPECT_DOUBLE_EQ(t.whole.mean.value, 3);
  EXPECT_TRUE(std::isnan(t.whole.low)) << "one prompt has no interval";
}

// Changes of the whole: 1 and 3 in two prompts: mean 2, error √(2 · (1 + 1)) / 2 = 1, t of one
// degree.
TEST(EffectStatistics, TheIntervalIsOverPrompts) {
  EffectStatistics statistics;
  statistics.add(4, {{{-1, -1}, {-1, -2}}});
  statistics.add(7, {{{-1, -1}, {-1, -4}}});
  statistics.leave_out();
  TwoByTwo t;
  statistics.finish(t);
  EXPECT_EQ(t.prompts, 2);
  EXPECT_EQ(t.positions, 2);
  EXPECT_EQ(t.left_out, 1);
  EXPECT_DOUBLE_EQ(t.whole.mean.value, 2);
  EXPECT_DOUBLE_EQ(t.whole.mean.error, 1);
  EXPECT_DOUBLE_EQ(t.whole.high, 2 + 12.7062);
  EXPECT_DOUBLE_EQ(t.whole.low, 2 - 12.7062);
  EXPECT_DOUBLE_EQ(t.whole.rms, std::sqrt(5.0));
  EXPECT_DOUBLE_EQ(t.engine[0].rms, 0);
}

TEST(EffectStatistics, NothingIsNoFigure) {
  TwoByTwo t;
  EffectStatistics().finish(t);
  EXPECT_EQ(t.positions, 0);
  EXPECT_TRUE(std::isnan(t.whole.mean.value));
}

// scipy.stats.t.ppf(0.975, ν)
TEST(StudentT, IsThatOfTheTables) {
  EXPECT_NEAR(student_t(1), 12.70620, 5e-5);
  EXPECT_NEAR(student_t(5), 2.57058, 5e-5);
  EXPECT_NEAR(student_t(30), 2.04227, 5e-5);
  EXPECT_NEAR(student_t(31), 2.03951, 5e-5);
  EXPECT_NEAR(student_t(60), 2.00030, 5e-5);
  EXPECT_NEAR(student_t(1000), 1.96234, 5e-5);
}

}  // namespace
}  // namespace crossval
