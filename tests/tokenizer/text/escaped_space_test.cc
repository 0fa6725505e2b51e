#include "tokenizer/text/escaped_space.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(EscapedSpace, EachSpaceIsWritten) {
  EXPECT_EQ(escape_spaces(" a  b"), "\u2581a\u2581\u2581b");
  EXPECT_EQ(escape_spaces("a\tb\n"), "a\tb\n");  // no other white space
  EXPECT_EQ(escape_spaces("a b", true), "\u2581a\u2581b");
  EXPECT_EQ(escape_spaces("", true), "\u2581");
}

TEST(EscapedSpace, AndReadAgain) {
  EXPECT_EQ(unescape_spaces("\u2581a\u2581\u2581b\u2582"), " a  b\u2582");
  EXPECT_EQ(unescape_spaces("\xE2\x96"), "\xE2\x96");  // the beginning of one
}

}  // namespace
}  // namespace crossval
