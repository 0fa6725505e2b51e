#include "session/tokenise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::ElementsAre;

Prompt text_prompt() {
  Prompt prompt;
  prompt.text = "<3><1>";
  return prompt;
}

TEST(Tokenise, GivesIdsPiecesAndPlacesOfOneEngine) {
  FakeEngine engine("llama.cpp");
  engine.ids_of_text = {3, 1};
  const auto tokens = tokenise(text_prompt(), engine);
  ASSERT_TRUE(tokens.has_value());
  EXPECT_EQ(tokens->engine.identity.name, "llama.cpp");
  EXPECT_THAT(tokens->ids, ElementsAre(3, 1));
  EXPECT_THAT(tokens->pieces, ElementsAre("<3>", "<1>"));
  EXPECT_EQ(tokens->ranges[1].begin, 3U);
  EXPECT_EQ(tokens->ranges[1].end, 6U);
}

TEST(Tokenise, AGivenIdOutsideTheVocabularyIsUsage) {
  FakeEngine engine;
  Prompt prompt;
  prompt.ids = {1, kVocab};
  const auto tokens = tokenise(prompt, engine);
  ASSERT_FALSE(tokens.has_value());
  EXPECT_EQ(tokens.error().code, ExitCode::usage);
  EXPECT_EQ(tokens.error().where, "engine fake");
  prompt.ids = {1, kVocab - 1};
  EXPECT_TRUE(tokenise(prompt, engine).has_value());
}

TEST(CompareTokens, WarnsOfThePromptAndOfBothEngines) {
  FakeEngine candidate("native"), reference("llama.cpp");
  candidate.info_.warnings = {{"tokenizer-vocabulary", "another"}};
  Prompt prompt = text_prompt();
  prompt.warnings = {{"bos-doubled", "two of them"}};
  const auto both = compare_tokens({prompt}, {}, {candidate, reference});
  ASSERT_EQ(both->warnings.size(), 2U);
  EXPECT_EQ(both->warnings[1].message, "candidate native: another");
}

TEST(CompareTokens, WithoutATokenizerThereIsNothingToCompare) {
  FakeEngine candidate("native"), reference("foreign");
  reference.info_.capabilities.tokenize = false;
  const auto both = compare_tokens({text_prompt()}, {}, {candidate, reference});
  ASSERT_FALSE(both.has_value());
  EXPECT_EQ(both.error().code, ExitCode::usage);
  EXPECT_EQ(both.error().where, "reference foreign");
}

TEST(CompareTokens, TheSameIdsAreNoMismatch) {
  FakeEngine candidate("native"), reference("llama.cpp");
  const auto both = compare_tokens({text_prompt()}, {}, {candidate, reference});
  ASSERT_TRUE(both.has_value());
  EXPECT_FALSE(both->mismatch.has_value());
  EXPECT_EQ(both->candidate.ids, both->reference.ids);
  EXPECT_EQ(both->candidate.engine.identity.name, "native");
  EXPECT_EQ(exit_code(*both), ExitCode::ok);
}

TEST(CompareTokens, DifferentIdsAreOneAndNothingIsEvaluated) {
  FakeEngine candidate("native"), reference("llama.cpp");
  candidate.ids_of_text = {3, 2};
  const auto both = compare_tokens({text_prompt()}, {}, {candidate, reference});
  ASSERT_TRUE(both.has_value());
  ASSERT_TRUE(both->mismatch.has_value());
  EXPECT_EQ(both->mismatch->index, 1U);
  EXPECT_THAT(both->candidate.pieces, ElementsAre("<3>", "<2>"));
  EXPECT_EQ(exit_code(*both), ExitCode::tokens_differ);
  EXPECT_TRUE(candidate.evaluated.empty());
}

TEST(CompareTokens, GivenIdsLeaveNothingToCompare) {
  FakeEngine candidate, reference;
  Prompt prompt;
  prompt.ids = {1, 2};
  const auto both = compare_tokens({prompt}, {}, {candidate, reference});
  ASSERT_FALSE(both.has_value());
  EXPECT_EQ(both.error().code, ExitCode::usage);
}

}  // namespace
}  // namespace crossval
