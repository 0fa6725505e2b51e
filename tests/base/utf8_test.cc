#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace crossval {
namespace {

// The well-formed and ill-formed sequences of the Unicode standard, tables 3-7 to 3-11.
TEST(Utf8, AcceptsWellFormedSequences) {
  for (const std::string& text :
       {std::string(), std::string("plain"), std::string("\0", 1), std::string("\xC2\x80"),
        std::string("\xDF\xBF"), std::string("\xE0\xA0\x80"), std::string("\xED\x9F\xBF"),
        std::string("\xEE\x80\x80"), std::string("\xEF\xBF\xBF"), std::string("\xF0\x90\x80\x80"),
        std::string("\xF4\x8F\xBF\xBF"), std::string("a\u00e9\u4e2d\U0001F600z")}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  }
}

TEST(Utf8, PointsAtTheFirstBadByte) {
  for (const char* bad : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41",
                          "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    EXPECT_EQ(find_invalid_utf8(std::string("\u00e9x") + bad), 3u);
    EXPECT_EQ(find_invalid_utf8(std::string("\u00e9x") + bad + "tail"), 3u);
  }
}

}  // namespace
}  // namespace crossval
