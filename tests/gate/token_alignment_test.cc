#include "gate/token_alignment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Ids = std::vector<int32_t>;

TEST(TokenAlignment, EqualSequencesHaveNoHunk) {
  EXPECT_THAT(align_tokens(Ids{}, Ids{}), IsEmpty());
  EXPECT_THAT(align_tokens(Ids{1, 2, 3}, Ids{1, 2, 3}), IsEmpty());
}

TEST(TokenAlignment, EveryDifferenceIsAHunk) {
  EXPECT_THAT(align_tokens(Ids{1, 2, 3}, Ids{2, 3}), ElementsAre(TokenHunk{0, 1, 0, 0}));
  EXPECT_THAT(align_tokens(Ids{2, 3}, Ids{2, 3, 9}), ElementsAre(TokenHunk{2, 2, 2, 3}));
  EXPECT_THAT(align_tokens(Ids{1, 5, 3, 4, 7}, Ids{1, 6, 6, 3, 4, 8}),
              ElementsAre(TokenHunk{1, 2, 1, 3}, TokenHunk{4, 5, 5, 6}));
  EXPECT_THAT(align_tokens(Ids{}, Ids{1}), ElementsAre(TokenHunk{0, 0, 0, 1}));
}

TEST(TokenAlignment, TooManyEditsAreOneHunk) {
  Ids a{7}, b{7};
  for (int32_t i = 0; i < 50; ++i) {
    a.push_back(100 + i);
    b.push_back(200 + i);
  }
  a.push_back(9);
  b.push_back(9);
  EXPECT_THAT(align_tokens(a, b, 10), ElementsAre(TokenHunk{1, 51, 1, 51}));
}

// Length of the longest common subsequence by the textbook table.
size_t common_length(const Ids& a, const Ids& b) {
  std::vector<std::vector<size_t>> table(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      table[i][j] = a[i - 1] == b[j - 1] ? table[i - 1][j - 1] + 1
                                         : std::max(table[i - 1][j], table[i][j - 1]);
    }
  }
  return table[a.size()][b.size()];
}

TEST(TokenAlignment, RandomSequencesRebuildAndAreShortest) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    Ids a(random() % 12), b(random() % 12);
    for (int32_t& id : a) id = static_cast<int32_t>(random() % 4);
    for (int32_t& id : b) id = static_cast<int32_t>(random() % 4);
    Ids rebuilt;
    size_t at = 0, edits = 0, expected_b = 0;
    for (const TokenHunk& hunk : align_tokens(a, b)) {
      ASSERT_GE(hunk.a_begin, at);
      expected_b += hunk.a_begin - at;
      ASSERT_EQ(hunk.b_begin, expected_b);
      rebuilt.insert(rebuilt.end(), a.begin() + at, a.begin() + hunk.a_begin);
      rebuilt.insert(rebuilt.end(), b.begin() + hunk.b_begin, b.begin() + hunk.b_end);
      edits += hunk.a_end - hunk.a_begin + hunk.b_end - hunk.b_begin;
      at = hunk.a_end;
      expected_b = hunk.b_end;
    }
    rebuilt.insert(rebuilt.end(), a.begin() + at, a.end());
    ASSERT_EQ(rebuilt, b);
    ASSERT_EQ(edits, a.size() + b.size() - 2 * common_length(a, b));
  }
}

}  // namespace
}  // namespace crossval
