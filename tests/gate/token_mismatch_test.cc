#include "gate/token_mismatch.h"

#include <gmock/gmock.h>

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::Pair;

const std::string kText = "Hello in 2024 you don't";

TokenGateInput example() {
  const auto side = [](const char* engine, std::vector<int32_t> ids,
                       const std::vector<std::string>& pieces) {
    return TokenSide{engine, std::move(ids),  pieces,    pieces, "<s>",
                     "</s>", {"<s>", "</s>"}, "default", kText};
  };
  return {side("native", {1, 10, 11, 20, 21, 12, 30, 31},
               {"<s>", "Hello", " in ", "202", "4", " you", " don", "'t"}),
          side("llama.cpp", {1, 10, 11, 22, 12, 32},
               {"<s>", "Hello", " in ", "2024", " you", " don't"})};
}

TEST(TokenMismatch, FindsPlaceWindowsAndAllCauses) {
  const TokenGateInput input = example();
  const auto found = find_token_mismatch(input);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->index, 3u);
  EXPECT_EQ(found->text_offset, 9u);
  EXPECT_EQ(found->place, "Hello in  >|< 2024 you don't");
  EXPECT_EQ(found->cause.name, "pre-tokenizer-digits");
  EXPECT_THAT(found->hunks, ElementsAre(TokenHunk{3, 5, 3, 4}, TokenHunk{6, 8, 5, 6}));
  EXPECT_THAT(found->causes,
              ElementsAre(Pair("pre-tokenizer-contractions", 1), Pair("pre-tokenizer-digits", 1)));
  ASSERT_EQ(found->candidate_window.size(), 8u);
  EXPECT_TRUE(found->candidate_window[3].differs);
  EXPECT_TRUE(found->candidate_window[4].differs);
  EXPECT_FALSE(found->candidate_window[5].differs);
  EXPECT_EQ(found->candidate_window[4].range, (TextRange{12, 13}));
  EXPECT_EQ(found->reference_window[3].piece, "2024");
}

TEST(TokenMismatch, LongWindowsAreBounded) {
  TokenGateInput input = example();
  input.candidate.ids.assign(500, 7);
  input.candidate.pieces.assign(500, "x");
  EXPECT_LE(find_token_mismatch(input)->candidate_window.size(), 20u);
}

TEST(TokenMismatch, OneSideEmptyOrShorter) {
  TokenGateInput input = example();
  input.candidate.ids.resize(3);
  input.candidate.pieces.resize(3);
  EXPECT_EQ(find_token_mismatch(input)->text_offset, 9u);
  input.candidate.ids.clear();
  input.candidate.pieces.clear();
  EXPECT_EQ(find_token_mismatch(input)->index, 0u);
}

TEST(TokenMismatch, EqualIdsPass) {
  TokenGateInput input = example();
  input.candidate = input.reference;
  EXPECT_FALSE(find_token_mismatch(input).has_value());
}

// Where each side was given its own text, that is said before any other cause.
TEST(TokenMismatch, OtherTexts) {
  TokenGateInput input = example();
  EXPECT_FALSE(find_token_mismatch(input)->texts.has_value());
  const std::string other = "Hello in 2o24 you don't";
  input.reference.text = other;
  const auto found = find_token_mismatch(input);
  EXPECT_EQ(found->cause.name, "other-text");
  EXPECT_EQ(found->texts->offset, 10u);
  EXPECT_EQ(found->texts->candidate_place, "Hello in 2 >|< 024 you don't");
  EXPECT_EQ(found->texts->reference_place, "Hello in 2 >|< o24 you don't");
  EXPECT_THAT(found->causes, ElementsAre(Pair("other-text", 2)));
  // The ids part before the texts do.
  const std::string later = "Hello in 2024 you don\u2019t";
  input.reference.text = later;
  EXPECT_EQ(find_token_mismatch(input)->cause.name, "pre-tokenizer-digits");
  EXPECT_EQ(find_token_mismatch(input)->further_cause->name, "other-text");
}

}  // namespace
}  // namespace crossval
