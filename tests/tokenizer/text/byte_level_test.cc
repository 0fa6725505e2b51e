#include "tokenizer/text/byte_level.h"

#include <gtest/gtest.h>

#include <set>

#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

// GPT-2's encoder.py, bytes_to_unicode(): the well-known spellings.
TEST(ByteLevel, SpellsAsGpt2Does) {
  EXPECT_EQ(byte_level_text('a'), "a");
  EXPECT_EQ(byte_level_text(' '), "\u0120");
  EXPECT_EQ(byte_level_text('\n'), "\u010A");
  EXPECT_EQ(byte_level_text(0x00), "\u0100");
  EXPECT_EQ(byte_level_text(0xAD), "\u0143");
  EXPECT_EQ(byte_level_text(0xFF), "\u00FF");
}

TEST(ByteLevel, SpellsAText) { EXPECT_EQ(spell_byte_level(" caf\u00e9"), "\u0120caf\u00C3\u00A9"); }

TEST(ByteLevel, EveryByteHasItsOwnCharacter) {
  std::set<std::string_view> seen;
  for (int b = 0; b < 256; ++b) {
    const std::string_view text = byte_level_text(static_cast<uint8_t>(b));
    EXPECT_TRUE(seen.insert(text).second);
    EXPECT_EQ(byte_of_character(decode_code_points(text).front()), b);
  }
}

TEST(ByteLevel, DecodesOnlyWhatAWordCanSpell) {
  EXPECT_EQ(decode_byte_level("\u0120caf\u00C3\u00A9"), " caf\u00e9");
  EXPECT_FALSE(decode_byte_level("a b"));       // a space stands for nothing
  EXPECT_FALSE(decode_byte_level("\u2581a"));   // nor does this
  EXPECT_FALSE(decode_byte_level("\xFF"));      // nor broken UTF-8
  EXPECT_FALSE(decode_byte_level("\xC1\x81"));  // an overlong A is not how A is spelled
}

}  // namespace
}  // namespace crossval
