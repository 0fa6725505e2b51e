#include "tokenizer/hugging_face/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokenizer/hugging_face/splitter.h"

namespace crossval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What an expression in Oniguruma's syntax finds.
std::vector<std::string> all(std::string_view pattern, std::string_view text) {
  const auto translated = pcre_of_oniguruma(pattern, "t");
  EXPECT_TRUE(translated) << translated.error().message();
  const auto regex = Regex::compile(*translated, RegexMode::unicode);
  EXPECT_TRUE(regex) << *translated;
  const auto matches = regex_matches(*regex, text);
  std::vector<std::string> found;
  for (const RegexMatch& match : *matches) {
    found.emplace_back(text.substr(match.begin, match.end - match.begin));
  }
  return found;
}

// U+180E is no white space to Unicode since 6.3, but to PCRE2 it is.
TEST(HfRegex, WhiteSpaceIsUnicodes) {
  EXPECT_THAT(all(R"(\s)", "\u00a0\u180e\u0085"), ElementsAre("\u00a0", "\u0085"));
  EXPECT_THAT(all(R"([^\s]+)", "a\u2003b"), ElementsAre("a", "b"));
  EXPECT_THAT(all(R"(\S+)", "a\u180eb c"), ElementsAre("a\u180eb", "c"));
}

TEST(HfRegex, AnchorsAreOfLines) {
  EXPECT_THAT(all("a$", "a\na"), ElementsAre("a", "a"));
  EXPECT_THAT(all("^b", "b\nb"), ElementsAre("b", "b"));
}

TEST(HfRegex, AnIntervalWithPlusRepeats) {
  EXPECT_THAT(all(R"(\d{1,3}+)", "12345"), ElementsAre("12345"));
  EXPECT_THAT(all(R"((ab){2}+)", "ababababab"), ElementsAre("abababab"));
}

TEST(HfRegex, IntersectionsAndNestedClasses) {
  EXPECT_THAT(all(R"([\p{L}&&[^\p{Han}]]+)", "a\u4f60b"), ElementsAre("a", "b"));
  EXPECT_THAT(all(R"([a-z&&[aeiou]]+)", "bead"), ElementsAre("ea"));
  EXPECT_THAT(all("[a[bc]]+", "abcd"), ElementsAre("abc"));
  EXPECT_THAT(all(R"([\]\[]+)", "a[]"), ElementsAre("[]"));
}

TEST(HfRegex, RefusesByNameWhatWouldMeanSomethingElse) {
  for (const std::string_view pattern :
       {R"(\h)", R"([\S])", "(?m:.)", R"([a&&b])", R"([^a&&[b]])", "[a[^b]]", "[a", "a{"}) {
    const auto translated = pcre_of_oniguruma(pattern, "tokenizer.json, x");
    ASSERT_FALSE(translated) << pattern;
    EXPECT_EQ(translated.error().code, ExitCode::bad_input_file);
    EXPECT_THAT(translated.error().where, HasSubstr("tokenizer.json, x"));
  }
}

}  // namespace
}  // namespace crossval
