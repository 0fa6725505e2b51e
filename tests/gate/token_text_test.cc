#include "gate/token_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace crossval {
namespace {

TEST(TokenText, BytesArePrintable) {
  EXPECT_EQ(show_bytes("a\n\r\t\x01\x7F\u00e9"), "a\\n\\r\\t\\x01\\x7F\u00e9");
  EXPECT_EQ(show_bytes("\xF0\x9F"), "\\xF0\\x9F");
}

TEST(TokenText, LongListsAreCut) {
  EXPECT_EQ(show_pieces({}), "nothing");
  EXPECT_EQ(show_pieces(std::vector<std::string>{"a", " b"}), "[a][ b]");
  EXPECT_EQ(show_pieces(std::vector<std::string>(20, "x")),
            "[x][x][x][x][x][x]…8 more…[x][x][x][x][x][x]");
}

TEST(TokenText, PlacesAreCutBetweenCharacters) {
  EXPECT_EQ(show_place("Hello world", 5), "Hello >|<  world");
  EXPECT_EQ(show_place("\u00e9\u00e9\u00e9\u00e9", 4, 3), "…\u00e9 >|< \u00e9…");
  EXPECT_EQ(show_place("", 0), " >|< ");
  EXPECT_EQ(show_place("ab", 2), "ab >|< ");
}

TEST(TokenText, Normalisations) {
  EXPECT_EQ(name_normalisation("\u00e9", "e\u0301"), "NFC or NFD");
  EXPECT_EQ(name_normalisation("\uFB01", "fi"), "NFKC or NFKD");
  EXPECT_EQ(name_normalisation("ABC", "abc"), "lower case");
  EXPECT_EQ(name_normalisation("\u00e9", "e"), "accents stripped");
  EXPECT_EQ(name_normalisation("a  b", "a b"), "blanks");
  EXPECT_EQ(name_normalisation("a", "b"), "");
  EXPECT_EQ(name_normalisation("a", "a"), "");
  EXPECT_EQ(name_normalisation("\xFF", "a"), "");
}

}  // namespace
}  // namespace crossval
