#include "floor/measured_floor.h"

#include <gtest/gtest.h>

#include <cmath>

namespace crossval {
namespace {

// Positions whose distances vary; all of a setting are `factor` times those of another.
MeasuredSetting setting(const char* name, double factor) {
  MeasuredSetting measured{name, std::string("engine:") + name, {}};
  for (int i = 1; i <= 100; ++i) {
    RowMetrics m;
    m.identical = factor == 0;
    m.kl = 0.001 * i * factor;
    m.cosine = 1 - 0.0001 * i * factor;
    m.relative_l2 = 0.02 * i * factor;
    m.centred_relative_l2 = 0.01 * i * factor;
    m.centred_max_abs_diff = 0.1 * i * factor;
    m.candidate_argmax = i <= 3 && factor > 0 ? 1 : 0;
    m.reference_argmax = 0;
    measured.metrics.push_back(m);
  }
  return measured;
}

TEST(MeasuredFloor, FiguresOfASetting) {
  Floor floor;
  complete_floor(floor, {setting("kv", 1)});
  EXPECT_EQ(floor.positions, 100);
  ASSERT_EQ(floor.settings.size(), 1U);
  const FloorSetting& kv = floor.settings[0];
  EXPECT_EQ(kv.name, "kv");
  EXPECT_EQ(kv.engine, "engine:kv");
  EXPECT_EQ(kv.identical_rows, 0);
  EXPECT_EQ(kv.argmax_flips, 3);
  EXPECT_NEAR(kv.kl.median, 0.05, 1e-12);
  EXPECT_NEAR(kv.kl.p99, 0.099, 1e-12);
  EXPECT_NEAR(kv.kl.worst, 0.1, 1e-12);
  EXPECT_NEAR(kv.centred_nmse.median, 0.25, 1e-12);
  EXPECT_NEAR(kv.cosine_distance.worst, 0.01, 1e-12);
  EXPECT_NEAR(kv.max_abs_diff.worst, 10, 1e-12);
  EXPECT_NEAR(kv.relative_l2.worst, 2, 1e-12);
  EXPECT_EQ(floor.pair, 0);
  EXPECT_DOUBLE_EQ(floor.margin, kLeastMargin);
}

TEST(MeasuredFloor, ThePairIsTheFarthestAndTheMarginTheSpreadOfTheOthers) {
  Floor floor;
  complete_floor(floor, {setting("threads", 0), setting("kv", std::exp(-0.1)), setting("fa", 1),
                         setting("build", std::exp(-0.2))});
  EXPECT_EQ(floor.pair, 2);
  EXPECT_EQ(floor.settings[0].identical_rows, 100);
  EXPECT_DOUBLE_EQ(floor.settings[0].log_ratio, 0);
  EXPECT_NEAR(floor.settings[1].log_ratio, -0.1, 1e-9);
  EXPECT_NEAR(floor.settings[3].log_ratio, -0.2, 1e-9);
  // Of 0, −0.1 and −0.2: standard deviation 0.1.
  EXPECT_NEAR(floor.margin, 0.15, 1e-9);
}

TEST(MeasuredFloor, NoiseOfAnotherSizeSaysNothingOfTheMargin) {
  Floor floor;
  complete_floor(floor, {setting("kv", 1), setting("fa", 0.01), setting("build", 0.99)});
  EXPECT_EQ(floor.pair, 0);
  EXPECT_DOUBLE_EQ(floor.margin, kLeastMargin);
}

TEST(MeasuredFloor, WithoutADifferenceThereIsNoPair) {
  Floor floor;
  complete_floor(floor, {setting("threads", 0)});
  EXPECT_FALSE(floor.pair.has_value());
  EXPECT_EQ(floor.settings[0].kl, Spread{});
}

}  // namespace
}  // namespace crossval
