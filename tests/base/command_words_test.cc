#include "base/command_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using testing::ElementsAre;

std::vector<std::string> words(std::string_view text) {
  const auto taken = take_command(text);
  EXPECT_TRUE(taken.has_value()) << text;
  return taken.value_or(std::vector<std::string>());
}

// As `sh -c 'printf "%s\n" …'` has them.
TEST(CommandWords, AreThoseOfAShell) {
  EXPECT_THAT(words("python engine.py"), ElementsAre("python", "engine.py"));
  EXPECT_THAT(words("  a\t b "), ElementsAre("a", "b"));
  EXPECT_THAT(words(R"('a b' "c d"e \ f)"), ElementsAre("a b", "c de", " f"));
  EXPECT_THAT(words(R"(a'\'b "\"\\\n" '')"), ElementsAre("a\\b", "\"\\\\n", ""));
  EXPECT_THAT(words("$HOME * a=b"), ElementsAre("$HOME", "*", "a=b"));
}

TEST(CommandWords, ACommaEndsThemUnlessItIsQuoted) {
  std::string_view text = "run 'a,b' c\\,d,threads=2,x=y";
  const auto taken = take_command(text);
  ASSERT_TRUE(taken.has_value());
  EXPECT_THAT(*taken, ElementsAre("run", "a,b", "c,d"));
  EXPECT_EQ(text, "threads=2,x=y");
}

TEST(CommandWords, WhatCannotBeReadIsUsage) {
  for (std::string_view text : {"", "  ", ",a=b", "a 'b", "a \"b", "a\\"}) {
    const auto taken = take_command(text);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ExitCode::usage);
  }
}

}  // namespace
}  // namespace crossval
