#include "tokenizer/vocabulary.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

// The numbers are llama_token_type's of llama.h and SentencePiece's Type, which agree.
TEST(Vocabulary, AttributesOfKinds) {
  EXPECT_EQ(attribute_of_kind(1), kTokenNormal);
  EXPECT_EQ(attribute_of_kind(2), kTokenUnknown);
  EXPECT_EQ(attribute_of_kind(3), kTokenControl);
  EXPECT_EQ(attribute_of_kind(4), kTokenUserDefined);
  EXPECT_EQ(attribute_of_kind(5), kTokenUnused);
  EXPECT_EQ(attribute_of_kind(6), kTokenByte);
  for (const int64_t other : {0, 7, -1, 257, 1 << 16 | 3}) {
    EXPECT_EQ(attribute_of_kind(other), std::nullopt) << other;
  }
}

TEST(Vocabulary, KindOfATokenThatIsSeveral) {
  Vocabulary v;
  const auto kind = [&v](uint16_t attributes) {
    v.tokens = {{.text = "x", .score = 0, .attributes = attributes}};
    return kind_of(v, 0);
  };
  EXPECT_EQ(kind(kTokenControl | kTokenUnused), TokenKind::control);
  EXPECT_EQ(kind(kTokenNormal | kTokenStripLeft), TokenKind::normal);
  EXPECT_EQ(kind(kTokenStripRight), TokenKind::undefined);
}

TEST(Vocabulary, TextOfAByteToken) {
  EXPECT_EQ(byte_token_text(0x00), "<0x00>");
  EXPECT_EQ(byte_token_text(0xAF), "<0xAF>");
}

}  // namespace
}  // namespace crossval
