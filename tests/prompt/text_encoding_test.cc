#include "prompt/text_encoding.h"

#include <gmock/gmock.h>

#include <string>

namespace crossval {
namespace {

using namespace std::literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(std::string_view text) {
  std::vector<std::string> result;
  for (const PromptWarning& warning : warn_about_unseen(text)) result.push_back(warning.name);
  return result;
}

TEST(TextEncoding, WideTextIsRefused) {
  for (const std::string_view text :
       {"\xFF\xFEH\0i\0"sv, "\xFE\xFF\0H\0i"sv, "H\0i\0"sv, "\0H\0i"sv}) {
    const auto refused = refuse_wide_text(text, "a.txt");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ExitCode::bad_input_file);
    EXPECT_EQ(refused.error().where, "a.txt");
    EXPECT_THAT(refused.error().what, HasSubstr("UTF-16"));
    EXPECT_THAT(refused.error().hint, HasSubstr("iconv -f UTF-16 -t UTF-8"));
  }
  EXPECT_THAT(refuse_wide_text("\xFF\xFE\0\0H\0\0\0"sv, "a").error().what, HasSubstr("UTF-32"));
}

TEST(TextEncoding, OtherBytesAreNot) {
  for (const std::string_view text : {""sv, "Hi"sv, "\xEF\xBB\xBFHi"sv, "caf\xE9 \xFF\xFE ok"sv,
                                      "a\0b\0c"sv, "\0\0\0\0"sv, "a\0"sv, "\xFF"sv}) {
    EXPECT_TRUE(refuse_wide_text(text, "a").has_value()) << text;
  }
}

TEST(TextEncoding, MarksAndCarriageReturnsAreWarnedAbout) {
  EXPECT_THAT(names("\uFEFFHi\r\nyou"), ElementsAre("byte-order-mark", "crlf"));
  EXPECT_THAT(warn_about_unseen("a\r\nb\r\n")[0].message,
              HasSubstr("2 line ends of CR LF, the first at byte 1"));
  EXPECT_THAT(names("user\n\uFEFFHi"), ElementsAre("byte-order-mark"));
  EXPECT_THAT(names("Hi\nyou\r \n"), IsEmpty());
}

}  // namespace
}  // namespace crossval
