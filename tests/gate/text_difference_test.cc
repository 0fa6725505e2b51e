#include "gate/text_difference.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(TextDifference, FirstCharacterAndItsLine) {
  const auto found = find_text_difference("a\nbc", "a\nbd");
  EXPECT_EQ(found->offset, 3u);
  EXPECT_EQ(found->line, 2u);
  EXPECT_EQ(found->candidate_place, "a\\nb >|< c");
  EXPECT_EQ(found->reference_place, "a\\nb >|< d");
}

TEST(TextDifference, OneIsTheBeginningOfTheOther) {
  EXPECT_EQ(find_text_difference("ab", "abc")->offset, 2u);
  EXPECT_EQ(find_text_difference("", "abc")->reference_place, " >|< abc");
}

TEST(TextDifference, CharactersAreNotCut) {
  EXPECT_EQ(find_text_difference("x\u00E9", "x\u00E8")->offset, 1u);
  EXPECT_EQ(find_text_difference("x\u00E9y", "x\u00E9")->offset, 3u);
}

TEST(TextDifference, NoneInEqualTexts) {
  EXPECT_FALSE(find_text_difference("a\nb", "a\nb").has_value());
}

}  // namespace
}  // namespace crossval
