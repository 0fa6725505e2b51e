#include "sample/portable_exp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace crossval {
namespace {

TEST(PortableExp, IsTheCLibrarysToTheLastBits) {
  for (int i = 0; i <= 70000; ++i) {
    const double x = -i / 100.0;
    const double expected = std::exp(x);
    EXPECT_NEAR(portable_exp(x), expected, 2 * expected * std::numeric_limits<double>::epsilon())
        << x;
  }
  for (int i = 0; i < 1000; ++i) {
    const double x = -std::ldexp(1.0 + i / 1000.0, -i % 60);
    const double expected = std::exp(x);
    EXPECT_NEAR(portable_exp(x), expected, 2 * expected * std::numeric_limits<double>::epsilon())
        << x;
  }
}

TEST(PortableExp, Ends) {
  EXPECT_EQ(portable_exp(0.0), 1.0);
  EXPECT_EQ(portable_exp(-0.0), 1.0);
  EXPECT_EQ(portable_exp(-745.0), std::exp(-745.0));  // the smallest double
  EXPECT_EQ(portable_exp(-746.5), 0.0);
  EXPECT_EQ(portable_exp(-std::numeric_limits<double>::infinity()), 0.0);
}

}  // namespace
}  // namespace crossval
