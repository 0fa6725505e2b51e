#include "tokenizer/text/code_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using ::testing::ElementsAre;

TEST(CodePoints, ReadsEachLength) {
  EXPECT_THAT(decode_code_points("a\u00e9\u20ac\U0001F600"),
              ElementsAre('a', 0xE9, 0x20AC, 0x1F600));
}

// Upstream reads these as what their bits spell.
TEST(CodePoints, ReadsOverlongFormsAndSurrogates) {
  EXPECT_THAT(decode_code_points("\xC0\x80"), ElementsAre(0));
  EXPECT_THAT(decode_code_points("\xED\xA0\x80"), ElementsAre(0xD800));
  EXPECT_THAT(decode_code_points("\xF4\x90\x80\x80"), ElementsAre(0x110000));
}

TEST(CodePoints, ReplacesBrokenBytesOneByOne) {
  EXPECT_THAT(decode_code_points("\x80"), ElementsAre(kReplacementCharacter));
  EXPECT_THAT(decode_code_points("\xE2\x82"),
              ElementsAre(kReplacementCharacter, kReplacementCharacter));
  EXPECT_THAT(decode_code_points("\xE2\x28\xA1"),
              ElementsAre(kReplacementCharacter, '(', kReplacementCharacter));
  EXPECT_THAT(decode_code_points("\xFF"), ElementsAre(kReplacementCharacter));
}

TEST(CodePoints, WritesWhatItReads) {
  for (const uint32_t c :
       {0U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string text;
    append_utf8(c, &text);
    EXPECT_THAT(decode_code_points(text), ElementsAre(c));
    EXPECT_EQ(text.size(), claimed_length(text.front()));
  }
}

}  // namespace
}  // namespace crossval
