#include "tokenizer/spelling/unigram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using ::testing::ElementsAre;

std::vector<int32_t> ids(const Unigram& unigram, std::string_view text) {
  std::vector<int32_t> out;
  for (const Unigram::Piece& piece : unigram.cut(text)) out.push_back(piece.id);
  return out;
}

// By hand: a + b = -3, ab = -2.5; abc = -9 loses to ab + c = -4.5.
TEST(Unigram, TakesTheHighestSum) {
  const Unigram unigram(
      {{{"a", 0, -1.0}, {"b", 1, -2.0}, {"c", 2, -2.0}, {"ab", 3, -2.5}, {"abc", 4, -9.0}}, -20});
  EXPECT_THAT(ids(unigram, "abc"), ElementsAre(3, 2));
  EXPECT_THAT(ids(unigram, "ba"), ElementsAre(1, 0));
  EXPECT_THAT(ids(unigram, ""), ElementsAre());
}

TEST(Unigram, WhatNothingSpellsIsUnknownByTheCharacter) {
  const Unigram unigram({{{"a", 0, -1.0}}, -20});
  const auto pieces = unigram.cut("a\u00e9a");
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[1].id, -1);
  EXPECT_EQ(pieces[1].begin, 1U);
  EXPECT_EQ(pieces[1].size, 2U);
}

}  // namespace
}  // namespace crossval
