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
  EXPECT_EQ(cache_codes("iq4_nl"), std::nullopt);
}

}  // namespace
}  // namespace crossval
