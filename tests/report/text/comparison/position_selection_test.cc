#include "report/text/comparison/position_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/comparisons.h"

namespace crossval {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::SizeIs;
using namespace crossval::testing;

TEST(SelectPositions, FewAreAllShown) {
  EXPECT_THAT(select_positions(identical_comparison(20, 4)), SizeIs(24));
}

TEST(SelectPositions, EndsOfPromptAndDecode) {
  EXPECT_THAT(select_positions(identical_comparison(100, 8)),
              ElementsAre(0, 1, 98, 99, 100, 101, 107));
}

TEST(SelectPositions, NeighbourhoodOfTheFirstDivergenceAndTheWorst) {
  const Comparison comparison = diverged_comparison();
  EXPECT_THAT(select_positions(comparison),
              ElementsAre(0, 1, 17, 18, 19, 20, 21, 22, 23, 30, 38, 39, 40, 41));
}

TEST(SelectPositions, NeighbourhoodOfTheFirstDifferenceWhenAllPass) {
  Comparison comparison = identical_comparison(60, 0);
  comparison.positions[40] = differing_position(40, "x", 0.9999, true);
  EXPECT_THAT(select_positions(comparison), ElementsAre(0, 1, 37, 38, 39, 40, 41, 42, 43, 58, 59));
}

TEST(SelectPositions, UnhealthyRowsButNotThousandsOfThem) {
  Comparison comparison = identical_comparison(100, 0);
  for (size_t i = 50; i < 90; ++i) comparison.positions[i].healthy = false;
  const auto shown = select_positions(comparison);
  EXPECT_THAT(shown, Contains(50));
  EXPECT_THAT(shown, Not(Contains(80)));
}

TEST(SelectPositions, ASinglePositionIsNotHidden) {
  Comparison comparison = identical_comparison(30, 0);
  comparison.worst = 3;
  EXPECT_THAT(select_positions(comparison), ElementsAre(0, 1, 2, 3, 28, 29));
}

}  // namespace
}  // namespace crossval
