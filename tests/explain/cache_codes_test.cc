#include "explain/cache_codes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace crossval {
namespace {

using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;

/// A block that begins with these values, zeros behind them, in codes and back.
std::vector<double> coded(CacheCodes codes, std::vector<double> x, size_t shown) {
  x.resize(32);
  std::vector<double> out = coded_rows({x, std::vector<double>(32)}, codes).values;
  out.resize(shown);
  return out;
}

// By hand: a scale of 1 everywhere. The furthest value decides its sign around zero.
TEST(CacheCodes, AreTheFormatsOwn) {
  EXPECT_THAT(coded(CacheCodes::q8_0, {127, 1.4, -2.6}, 3), ElementsAre(127, 1, -3));
  EXPECT_THAT(coded(CacheCodes::q4_0, {-8, 7, 1.4, -0.6}, 4), ElementsAre(-8, 7, 1, -1));
  EXPECT_THAT(coded(CacheCodes::q5_0, {-16, 15, 1.4, -0.6}, 4), ElementsAre(-16, 15, 1, -1));
  EXPECT_THAT(coded(CacheCodes::q4_1, {15, 3.4, 0.6}, 4), ElementsAre(15, 3, 1, 0));
  EXPECT_THAT(coded(CacheCodes::q5_1, {30, -1, 3.4}, 4), ElementsAre(30, -1, 3, 0));
}

// Levels -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, … 113: the value furthest from 0 is
// put on the first one.
TEST(CacheCodes, OfLevelsAreTheNearest) {
  EXPECT_THAT(coded(CacheCodes::iq4_nl, {127, 104, -13, -113, 22, 0}, 6),
              ElementsAre(127, 104, -13, -113, 22, -1));
  const std::vector<double> near = coded(CacheCodes::iq4_nl, {-127, 18.9, -18.9}, 3);
  EXPECT_THAT(near[1] / near[0], DoubleNear(-13 / 127., 1e-9));
  EXPECT_THAT(near[2] / near[0], DoubleNear(22 / 127., 1e-9));
}

// A minimum of 3 and 15 levels of 1 above it; queries in codes of 1, and their sum.
TEST(CacheCodes, WithMinimaKeepThemApart) {
  std::vector<double> x(32, 3.0);
  x[5] = 18;
  const SlackRows keys = coded_keys({x, std::vector<double>(32)}, CacheCodes::q4_1);
  ASSERT_EQ(keys.values.size(), 33U);
  EXPECT_EQ(keys.values[5], 15);
  EXPECT_EQ(keys.values[6], 0);
  EXPECT_EQ(keys.values[32], 3);
  std::vector<double> q(32, 1.0);
  q[0] = 127;
  q[1] = -3;
  const SlackRows queries = coded_queries({q, std::vector<double>(32)});
  EXPECT_EQ(queries.values[0], 127);
  EXPECT_EQ(queries.values[32], 127 - 3 + 30);
  // 127 + 30 · 65 + 64 = 2141 lies between two binary16: the even one.
  q.assign(32, 65.0);
  q[0] = 127;
  q[1] = 64;
  EXPECT_EQ(coded_queries({q, std::vector<double>(32)}).values[32], 2140);
  EXPECT_TRUE(has_minima(CacheCodes::q5_1) && !has_minima(CacheCodes::iq4_nl));
}

TEST(CacheCodes, LetAValueAtABoundaryFallToEitherSide) {
  std::vector<double> x(32);
  x[0] = -8;
  x[1] = 2.5;
  x[2] = 2.3;
  std::vector<double> off(32, 1e-5);
  off[0] = 0;
  const SlackRows rows = coded_rows({x, off}, CacheCodes::q4_0);
  EXPECT_EQ(rows.slack[1], 1);
  EXPECT_EQ(rows.slack[2], 0);
  // Above a minimum, too, which is off as much: from -8 in levels of 1.
  x[3] = 7;
  x[1] = 1.5;
  off[0] = off[3] = 1e-5;
  const SlackRows above = coded_rows({x, off}, CacheCodes::q4_1);
  EXPECT_NEAR(above.slack[1], 1, 1e-3);
  EXPECT_NEAR(above.slack[2], 0, 1e-3);
}

TEST(CacheCodes, TurningTwiceIsTurningBack) {
  std::vector<double> x(128);
  x[0] = 8;
  x[70] = 16;
  const SlackRows once = turned_rows(x.data(), nullptr, 128, 64);
  EXPECT_THAT(std::vector<double>(once.values.begin(), once.values.begin() + 64), Each(1.0));
  EXPECT_GT(once.slack[0], 0);
  const SlackRows twice = turned_rows(once.values.data(), nullptr, 128, 64);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_THAT(twice.values[i], DoubleNear(x[i], 1e-12));
}

TEST(CacheCodes, TurnWhatLlamaCppTurns) {
  EXPECT_EQ(turned_keys(64), 64);
  EXPECT_EQ(turned_keys(128), 128);
  EXPECT_EQ(turned_keys(192), 64);
  EXPECT_EQ(turned_keys(80), 0);
  EXPECT_EQ(turned_values(128), 64);
  EXPECT_EQ(cache_codes("q8_0"), CacheCodes::q8_0);
  EXPECT_EQ(cache_codes("iq4_nl"), CacheCodes::iq4_nl);
  EXPECT_EQ(cache_codes("q6_K"), std::nullopt);
}

}  // namespace
}  // namespace crossval
