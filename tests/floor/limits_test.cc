#include "floor/limits.h"

#include <gtest/gtest.h>

#include <limits>

namespace crossval {
namespace {

Floor floor_of(const Spread& kl, const Spread& nmse) {
  FloorSetting setting;
  setting.kl = kl;
  setting.centred_nmse = nmse;
  setting.max_abs_diff = {0.5, 1, 2};
  Floor floor;
  floor.settings = {FloorSetting{}, setting};
  return floor;
}

RowMetrics metrics(double kl, double relative_l2) {
  RowMetrics m;
  m.kl = kl;
  m.centred_relative_l2 = relative_l2;
  return m;
}

TEST(FloorLimits, AreTheMostOfAllSettings) {
  const FloorLimits limits = limits_of(floor_of({0.001, 0.02, 0.03}, {1e-3, 2e-3, 9e-3}));
  EXPECT_DOUBLE_EQ(limits.kl, 0.06);     // 3 × p99, more than 2 × worst
  EXPECT_DOUBLE_EQ(limits.nmse, 0.018);  // 2 × worst, more than 3 × p99
  EXPECT_DOUBLE_EQ(limits.kl_worst, 0.03);
  EXPECT_DOUBLE_EQ(limits.noise, 0.5);
}

TEST(FloorLimits, AFloorOfNothingLeavesTheGuards) {
  const FloorLimits limits = limits_of(floor_of({}, {}));
  EXPECT_DOUBLE_EQ(limits.kl, kKlGuard);
  EXPECT_DOUBLE_EQ(limits.nmse, kNmseGuard);
}

TEST(FloorLimits, EachDistanceDecides) {
  const FloorLimits limits = limits_of(floor_of({0.001, 0.02, 0.03}, {1e-3, 2e-3, 9e-3}));
  EXPECT_TRUE(judge_position(metrics(0.06, 0.1), limits, 0).passes());
  EXPECT_FALSE(judge_position(metrics(0.061, 0.01), limits, 0).passes());
  EXPECT_FALSE(judge_position(metrics(0.01, 0.2), limits, 0).passes());
  EXPECT_DOUBLE_EQ(judge_position(metrics(0.12, 0.01), limits, 0).factor, 2);
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(judge_position(metrics(kNaN, 0.01), limits, 0).passes());
  EXPECT_FALSE(judge_position(metrics(0.01, kNaN), limits, 0).passes());
  EXPECT_FALSE(judge_position(metrics(0.03, 0.09), limits, 0).above);
  EXPECT_TRUE(judge_position(metrics(0.04, 0.09), limits, 0).above);
}

TEST(FloorLimits, AFlipIsDecisiveByTheReferencesMargin) {
  const FloorLimits limits = limits_of(floor_of({0.001, 0.02, 0.03}, {1e-3, 2e-3, 9e-3}));
  RowMetrics m = metrics(0.01, 0.01);
  m.candidate_argmax = 3;
  m.reference_argmax = 4;
  m.reference_margin = 1;
  const FloorVerdict tie = judge_position(m, limits, 0.5);
  EXPECT_TRUE(tie.flips && !tie.decisive && tie.passes());
  m.reference_margin = 1.01;
  const FloorVerdict decisive = judge_position(m, limits, 0.5);
  EXPECT_TRUE(decisive.decisive && decisive.within && !decisive.passes());
  m.candidate_argmax = 4;
  EXPECT_TRUE(judge_position(m, limits, 0.5).passes());
}

}  // namespace
}  // namespace crossval
