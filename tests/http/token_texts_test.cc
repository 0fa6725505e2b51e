#include "http/token_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/small_vocabulary.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;

TEST(TokenTexts, ATextOfTwoTokensSaysNothing) {
  SmallVocabulary vocabulary({"a", "x", "b", "x"});
  const auto texts = TokenTexts::of(vocabulary);
  ASSERT_TRUE(texts.has_value());
  EXPECT_EQ(texts->n_vocab(), 4);
  EXPECT_EQ(texts->id_of("b"), 2);
  EXPECT_EQ(texts->id_of("x"), -1);
  EXPECT_EQ(texts->id_of("c"), -1);
}

TEST(TokenTexts, OnlyATextThatBecomesTheIdsAgainIsAsked) {
  SmallVocabulary vocabulary({"a", "b", "ab", "\xC3", "\xA4"});
  const auto texts = TokenTexts::of(vocabulary);
  ASSERT_TRUE(texts.has_value());
  const auto text = [&](std::vector<TokenId> ids) { return texts->prompt_text(ids); };
  EXPECT_EQ(*text({2, 0}), "aba");
  EXPECT_THAT(text({0, 1}).error().what, HasSubstr("other tokens"));
  EXPECT_THAT(text({0, 3}).error().what, HasSubstr("within a character"));
  EXPECT_EQ(*text({0, 3, 4}), "a\xC3\xA4");
}

TEST(TokenTexts, TheServerAddsItsOwnBos) {
  SmallVocabulary vocabulary({"<s>", "a"}, 0);
  const auto texts = TokenTexts::of(vocabulary);
  ASSERT_TRUE(texts.has_value());
  EXPECT_EQ(*texts->prompt_text(std::vector<TokenId>{0, 1}), "a");
  EXPECT_FALSE(texts->prompt_text(std::vector<TokenId>{1}).has_value());
}

}  // namespace
}  // namespace crossval
