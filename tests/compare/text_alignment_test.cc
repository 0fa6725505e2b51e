#include "compare/text_alignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace crossval {
namespace {

using testing::IsEmpty;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Tokens {
  std::vector<TextRange> ranges;
  std::vector<double> scores;

  ScoredTokens view() const { return {ranges, scores}; }
};

// "abcdef" as ab|cd|ef behind a BOS, and as a|bcd|e|f without one.
const Tokens kPairs = {{{0, 0}, {0, 2}, {2, 4}, {4, 6}}, {kNone, -1, -2, -4}};
const Tokens kOdd = {{{0, 1}, {1, 4}, {4, 5}, {5, 6}}, {kNone, -8, -16, -32}};

TEST(AlignText, PiecesEndWhereTokensOfBothEnd) {
  const auto segments = align_text(kPairs.view(), kOdd.view());
  // Common places are 4 and 6; the text before 4 is not predicted whole by the side without BOS.
  ASSERT_EQ(segments.size(), 1U);
  EXPECT_EQ(segments[0].bytes, (TextRange{4, 6}));
  EXPECT_EQ(segments[0].candidate_tokens, 1);
  EXPECT_EQ(segments[0].reference_tokens, 2);
  EXPECT_EQ(segments[0].candidate, -4);
  EXPECT_EQ(segments[0].reference, -48);
}

TEST(AlignText, BehindABosTheTextBeginsAtItsFirstByte) {
  const Tokens odd = {{{0, 0}, {0, 1}, {1, 4}, {4, 6}}, {kNone, -8, -16, -32}};
  const auto segments = align_text(kPairs.view(), odd.view());
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[0].bytes, (TextRange{0, 4}));
  EXPECT_EQ(segments[0].candidate, -3);
  EXPECT_EQ(segments[0].reference, -24);
  EXPECT_EQ(segments[1].bytes, (TextRange{4, 6}));
}

TEST(AlignText, ATokenWithoutTextCountsWithTheNextAndEosNot) {
  // BOS, a space put in front, "ab", "cd", EOS.
  const Tokens spaced = {{{0, 0}, {0, 0}, {0, 2}, {2, 4}, {4, 4}}, {kNone, -1, -2, -4, -8}};
  const Tokens plain = {{{0, 0}, {0, 2}, {2, 4}}, {kNone, -16, -32}};
  const auto segments = align_text(spaced.view(), plain.view());
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[0].candidate, -3);
  EXPECT_EQ(segments[0].candidate_tokens, 2);
  EXPECT_EQ(segments[1].candidate, -4);
}

TEST(AlignText, OneTokenEachHasNothing) {
  const Tokens one = {{{0, 4}}, {kNone}};
  EXPECT_THAT(align_text(one.view(), one.view()), IsEmpty());
}

TEST(AlignText, SumsLeaveOutWhatIsNotTold) {
  TextAlignment result;
  result.segments = {{{0, 2}, 1, 1, -1, -1.5}, {{2, 5}, 1, 2, kNone, -9}, {{5, 6}, 1, 1, -4, -3}};
  result.logprob_tol = 1;
  sum_up(result);
  EXPECT_EQ(result.compared, 2);
  EXPECT_EQ(result.bytes, 3U);
  EXPECT_EQ(result.candidate_sum, -5);
  EXPECT_EQ(result.reference_sum, -4.5);
  EXPECT_EQ(result.worst, 2);
  EXPECT_EQ(result.max_abs_diff, 1);
  EXPECT_EQ(exit_code(result), ExitCode::ok);
  result.logprob_tol = 0.99;
  EXPECT_EQ(exit_code(result), ExitCode::diverged);
}

TEST(AlignText, NothingComparedIsNoPass) {
  TextAlignment result;
  result.segments = {{{0, 2}, 1, 1, kNone, -1}};
  sum_up(result);
  EXPECT_EQ(exit_code(result), ExitCode::diverged);
}

}  // namespace
}  // namespace crossval
