#include "base/count_text.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(CountText, ThousandsAreGrouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(-100), "-100");
  EXPECT_EQ(grouped(-1000), "-1,000");
}

TEST(CountText, OneHasNoPlural) {
  EXPECT_EQ(counted(0, "token"), "0 tokens");
  EXPECT_EQ(counted(1, "token"), "1 token");
  EXPECT_EQ(counted(2, "token"), "2 tokens");
  EXPECT_EQ(counted(1024, "decode step"), "1,024 decode steps");
}

TEST(CountText, SizesOfModels) {
  EXPECT_EQ(rounded_count(950), "950");
  EXPECT_EQ(rounded_count(164'096), "164k");
  EXPECT_EQ(rounded_count(999'499), "999k");
  EXPECT_EQ(rounded_count(999'500), "1M");
  EXPECT_EQ(rounded_count(134'515'008), "135M");
}

}  // namespace
}  // namespace crossval
