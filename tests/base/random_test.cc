#include "base/random.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

// Published values of splitmix64 (Rosetta Code, "Pseudo-random numbers/Splitmix64").
TEST(Random, IsSplitmix64) {
  Random random(1234567);
  for (const uint64_t expected : {6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                  4593380528125082431U, 16408922859458223821U}) {
    EXPECT_EQ(random.next(), expected);
  }
}

TEST(Random, TheTop53BitsAreADouble) {
  Random random(1234567);
  EXPECT_EQ(random.uniform_double(),
            static_cast<double>(6457827717110365317U >> 11) / 9007199254740992.0);
}

}  // namespace
}  // namespace crossval
