#include "floor/spread.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace crossval {
namespace {

TEST(Spread, IsByNearestRank) {
  std::vector<double> values;
  for (int i = 200; i >= 1; --i) values.push_back(i);
  EXPECT_EQ(spread_of(values), (Spread{100, 198, 200}));
  EXPECT_EQ(spread_of({3, 1, 2}), (Spread{2, 3, 3}));
  EXPECT_EQ(spread_of({7}), (Spread{7, 7, 7}));
  EXPECT_EQ(spread_of({}), Spread{});
}

TEST(Spread, ANaNIsNotHidden) {
  const Spread spread = spread_of({1, std::numeric_limits<double>::quiet_NaN(), 2});
  EXPECT_TRUE(std::isnan(spread.median) && std::isnan(spread.p99) && std::isnan(spread.worst));
}

}  // namespace
}  // namespace crossval
