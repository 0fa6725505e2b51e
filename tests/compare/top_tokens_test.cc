#include "compare/top_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace crossval {
namespace {

TEST(TopTokens, AsAStableSortSays) {
  std::mt19937 random(3);
  for (const int n : {1, 9, 10, 11, 40, 1000}) {
    std::vector<float> row(n);
    for (float& x : row) x = static_cast<float>(random() % 50);  // many ties
    std::vector<int32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(
        order, [&](int32_t a, int32_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
    const TopTokens top = find_top_tokens(row);
    ASSERT_EQ(top.count, std::min(n, kTopTokens));
    for (int32_t i = 0; i < top.count; ++i) {
      EXPECT_EQ(top.ids[i], order[i]);
      EXPECT_EQ(top.values[i], row[order[i]]);
    }
  }
}

TEST(TopTokens, NaNIsNeverAmongThem) {
  std::vector<float> row(30, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(find_top_tokens(row).count, 0);
  row[20] = -5;
  EXPECT_EQ(find_top_tokens(row).count, 1);
  EXPECT_EQ(find_top_tokens(row).ids[0], 20);
}

TEST(TopTokens, Overlap) {
  std::vector<float> a(20);
  std::iota(a.begin(), a.end(), 0.0F);  // top: 19 … 10
  std::vector<float> b = a;
  b[0] = 100;  // top: 0, 19 … 11
  EXPECT_EQ(top_overlap(find_top_tokens(a), find_top_tokens(a)), 10);
  EXPECT_EQ(top_overlap(find_top_tokens(a), find_top_tokens(b)), 9);
}

}  // namespace
}  // namespace crossval
