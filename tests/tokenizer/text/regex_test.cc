#include "tokenizer/text/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::pair<size_t, size_t>> all(std::string_view pattern, std::string_view text,
                                           RegexMode mode = RegexMode::unicode) {
  const auto regex = Regex::compile(pattern, mode);
  EXPECT_TRUE(regex);
  const auto characters = decode_code_points(text);
  RegexMatcher matcher(*regex);
  matcher.start(characters);
  std::vector<std::pair<size_t, size_t>> found;
  for (auto match = matcher.next(); *match; match = matcher.next()) {
    found.emplace_back((*match)->begin, (*match)->end);
  }
  return found;
}

TEST(Regex, CountsCodePoints) {
  EXPECT_THAT(all(R"(\p{L}+)", "\u00e9a \U00010400b"),
              ElementsAre(std::pair(0, 2), std::pair(3, 5)));
}

TEST(Regex, WhiteSpaceIsAsciiOnlyInAsciiMode) {
  EXPECT_THAT(all(R"(\s)", " \u00a0", RegexMode::ascii), ElementsAre(std::pair(0, 1)));
  EXPECT_THAT(all(R"(\s)", " \u00a0"), ElementsAre(std::pair(0, 1), std::pair(1, 2)));
}

TEST(Regex, EmptyMatchesMoveOn) {
  EXPECT_THAT(all("x*", "axb"),
              ElementsAre(std::pair(0, 0), std::pair(1, 2), std::pair(2, 2), std::pair(3, 3)));
}

TEST(Regex, DollarIsTheVeryEnd) { EXPECT_THAT(all("a$", "a\n"), ElementsAre()); }

TEST(Regex, RefusesWhatItCannotCompile) {
  const auto regex = Regex::compile("a(b", RegexMode::unicode);
  ASSERT_FALSE(regex);
  EXPECT_EQ(regex.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(regex.error().message(), HasSubstr("a(b"));
}

TEST(Regex, LongTextsAreMatchedWhole) {
  const std::string text(1 << 20, 'a');
  EXPECT_THAT(all(R"((?:(?=\p{L})[^b])+)", text),
              ElementsAre(std::pair<size_t, size_t>(0, 1 << 20)));
}

}  // namespace
}  // namespace crossval
