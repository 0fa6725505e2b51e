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

TEST(Utf8, TheTailThatIsNotYetASequence) {
  const std::string whole = "\U0001F600";
  for (size_t n = 1; n < whole.size(); ++n) {
    EXPECT_EQ(incomplete_utf8_tail("x\u00e9" + whole.substr(0, n)), n);
  }
  // Every lead byte with a narrow second byte, alone and with it.
  for (const char* tail : {"\xC2", "\xE0", "\xE0\xA0", "\xED", "\xED\x9F", "\xF0", "\xF0\x90",
                           "\xF4", "\xF4\x8F", "\xF4\x8F\xBF"}) {
    EXPECT_EQ(incomplete_utf8_tail(tail), std::string(tail).size()) << tail;
  }
  // Whole, or past mending.
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("\u00e9"), whole, std::string("\x80"),
        std::string("\xC0"), std::string("\xFF"), std::string("\xE0\x9F"), std::string("\xED\xA0"),
        std::string("\xF0\x8F"), std::string("\xF4\x90"), std::string("\xE2\x82x")}) {
    EXPECT_EQ(incomplete_utf8_tail(text), 0U) << text;
  }
}

}  // namespace
}  // namespace crossval
