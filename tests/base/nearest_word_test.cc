#include "base/nearest_word.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(NearestWord, SlipsOfTheKind) {
  const std::vector<std::string> known{"--cos-tol", "--candidate", "--max-tokens"};
  EXPECT_EQ(nearest_word("--cos-tl", known), "--cos-tol");         // missing
  EXPECT_EQ(nearest_word("--cos-toll", known), "--cos-tol");       // extra
  EXPECT_EQ(nearest_word("--candidete", known), "--candidate");    // replaced
  EXPECT_EQ(nearest_word("--max-tokesn", known), "--max-tokens");  // swapped
}

TEST(NearestWord, OnlyTheBeginningWasTyped) {
  const std::vector<std::string> known{"--max-tokens", "--max-seconds-per-run", "--batch-size"};
  EXPECT_EQ(nearest_word("--batch", known), "--batch-size");
  EXPECT_EQ(nearest_word("--max", known), "--max-tokens");  // the shortest of two
  EXPECT_EQ(nearest_word("--m", known), "");                // too little to mean one
  EXPECT_EQ(nearest_word("--match", known), "");            // begins none
}

TEST(NearestWord, NothingNear) {
  EXPECT_EQ(nearest_word("--frobnicate", {"--cos-tol", "--threads"}), "");
  EXPECT_EQ(nearest_word("x", {}), "");
}

}  // namespace
}  // namespace crossval
