#include "engine/row.h"

#include <gtest/gtest.h>

#include <vector>

namespace crossval {
namespace {

TEST(Row, MostLikely) {
  const std::vector<float> logits = {0.1F, 0.6F, 0.6F, 0.3F};
  EXPECT_EQ(most_likely(logits), 1);
  const TopRow list{{{3, -2.0F}, {9, -0.5F}, {4, -0.5F}}, 0.1};  // however it is sorted
  EXPECT_EQ(most_likely(list), 4);
  EXPECT_EQ(most_likely(RowHash{.hash = 1, .argmax = 5}), 5);
  EXPECT_EQ(most_likely(TopRow{}), -1);
  EXPECT_EQ(most_likely(std::vector<float>{}), -1);
}

}  // namespace
}  // namespace crossval
