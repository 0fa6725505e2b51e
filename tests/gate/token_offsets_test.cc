#include "gate/token_offsets.h"

#include <gmock/gmock.h>

namespace crossval {
namespace {

using testing::ElementsAre;
using R = TextRange;

std::vector<R> locate(std::string_view text, const std::vector<std::string>& pieces) {
  return locate_pieces(text, pieces, "<s>");
}

TEST(TokenOffsets, PiecesCoverTheText) {
  EXPECT_THAT(locate("Hello world", {"Hel", "lo", " world"}),
              ElementsAre(R{0, 3}, R{3, 5}, R{5, 11}));
  EXPECT_THAT(locate("\xF0\x9F\x98\x80!", {"\xF0\x9F", "\x98\x80", "!"}),
              ElementsAre(R{0, 2}, R{2, 4}, R{4, 5}));
}

TEST(TokenOffsets, AddedTokensTakeNoBytes) {
  EXPECT_THAT(locate("Hi", {"<s>", "Hi", "</s>"}), ElementsAre(R{0, 0}, R{0, 2}, R{2, 2}));
  EXPECT_THAT(locate("Hi", {"<s>", " Hi"}), ElementsAre(R{0, 0}, R{0, 2}));
  EXPECT_THAT(locate(" Hi", {" Hi"}), ElementsAre(R{0, 3}));
  EXPECT_THAT(locate("<s>Hi", {"<s>", "Hi"}), ElementsAre(R{0, 3}, R{3, 5}));
}

TEST(TokenOffsets, ChangedPiecesTakeWhatLiesBetween) {
  EXPECT_THAT(locate("a\uFB01b c", {"a", "fi", "b", " c"}),
              ElementsAre(R{0, 1}, R{1, 4}, R{4, 5}, R{5, 7}));
  EXPECT_THAT(locate("x\u4e2dy", {"x", "<unk>", "y"}), ElementsAre(R{0, 1}, R{1, 4}, R{4, 5}));
}

// What decides is whether the pieces behind it fit.
TEST(TokenOffsets, AnAddedBosBeforeATextThatSpellsOne) {
  EXPECT_THAT(locate("<s>Hi <s>", {"<s>", "<", "s", ">", "Hi", " <", "s", ">"}),
              ElementsAre(R{0, 0}, R{0, 1}, R{1, 2}, R{2, 3}, R{3, 5}, R{5, 7}, R{7, 8}, R{8, 9}));
  EXPECT_THAT(locate("<s>", {"<s>", "<", "s", ">"}),
              ElementsAre(R{0, 0}, R{0, 1}, R{1, 2}, R{2, 3}));
  EXPECT_THAT(locate("<s>Hi", {"<s>", "<s>", "Hi"}), ElementsAre(R{0, 0}, R{0, 3}, R{3, 5}));
  EXPECT_THAT(locate("<s>", {"<s>"}), ElementsAre(R{0, 3}));
}

TEST(TokenOffsets, AChangedPieceAtTheEndTakesTheRest) {
  EXPECT_THAT(locate("caf\xE9", {"caf", "\uFFFD"}), ElementsAre(R{0, 3}, R{3, 4}));
  EXPECT_THAT(locate("caf\xE9", {"<s>", "caf", "\uFFFD", "</s>"}),
              ElementsAre(R{0, 0}, R{0, 3}, R{3, 4}, R{4, 4}));
  EXPECT_THAT(locate("caf\xE9s", {"caf", "\uFFFD", "s"}), ElementsAre(R{0, 3}, R{3, 4}, R{4, 5}));
  EXPECT_THAT(locate("\xE9", {"\uFFFD"}), ElementsAre(R{0, 1}));
  EXPECT_THAT(locate("\xE9", {"<s>", "\uFFFD"}), ElementsAre(R{0, 0}, R{0, 1}));
}

TEST(TokenOffsets, NothingMatchesIsHarmless) {
  EXPECT_THAT(locate("abc", {"x", "y", "z"}), ElementsAre(R{0, 3}, R{3, 3}, R{3, 3}));
  EXPECT_THAT(locate("", {"<s>"}), ElementsAre(R{0, 0}));
}

}  // namespace
}  // namespace crossval
