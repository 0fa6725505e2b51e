// What ends a comparison before, or instead of, a verdict on rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "session/fake_engine.h"
#include "session/per_token.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::HasSubstr;

void expect_error(const Result<Comparison>& result, ExitCode code, const std::string& text) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code);
  EXPECT_THAT(result.error().message(), HasSubstr(text));
}

TEST(PerTokenGates, DifferentIdsStopTheRun) {
  FakeEngine candidate("native"), reference("llama.cpp");
  candidate.ids_of_text = {3, 1, 9, 1, 5};
  const auto result = run(plan_of_text(), candidate, reference);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->verdict, Verdict::tokens_differ);
  EXPECT_EQ(exit_code(result->verdict), ExitCode::tokens_differ);
  ASSERT_TRUE(result->mismatch.has_value());
  EXPECT_EQ(result->mismatch->index, 2U);
  EXPECT_FALSE(result->mismatch->cause.name.empty());
  EXPECT_TRUE(result->positions.empty());
  EXPECT_TRUE(candidate.evaluated.empty());
  EXPECT_TRUE(reference.evaluated.empty());
}

struct MismatchRun {
  FakeEngine candidate{"native"}, reference{"llama.cpp"};
  PerTokenPlan plan = plan_of_text();

  explicit MismatchRun(OnTokenMismatch policy) {
    candidate.ids_of_text = {3, 1, 9, 1, 5};
    plan.on_token_mismatch = policy;
    plan.max_tokens = 2;
  }
  Result<Comparison> result() { return run(plan, candidate, reference); }
};

TEST(PerTokenGates, DifferentIdsMayBeOverruledButNeverMatch) {
  struct Case {
    OnTokenMismatch policy;
    std::vector<TokenId> ids;
  };
  for (const Case& c : {Case{OnTokenMismatch::use_reference, {3, 1, 4, 1, 5}},
                        Case{OnTokenMismatch::use_candidate, {3, 1, 9, 1, 5}}}) {
    MismatchRun mismatched(c.policy);
    const auto result = mismatched.result();
    ASSERT_TRUE(result.has_value()) << result.error().message();
    EXPECT_EQ(result->verdict, Verdict::tokens_differ);
    EXPECT_TRUE(result->mismatch.has_value());
    EXPECT_EQ(result->identical_rows, 7);
    EXPECT_EQ(result->tokens, c.ids);
    EXPECT_EQ(result->positions[2].piece, "<" + std::to_string(c.ids[2]) + ">");
    EXPECT_EQ(mismatched.candidate.evaluated, mismatched.reference.evaluated);
  }
}

TEST(PerTokenGates, RowsOfOverruledIdsMayDivergeOrBeUnhealthy) {
  MismatchRun diverging(OnTokenMismatch::use_reference);
  diverging.candidate.alter_row = [](int32_t, auto& row) { std::ranges::reverse(row); };
  EXPECT_EQ(diverging.result()->verdict, Verdict::diverged);
  MismatchRun passing(OnTokenMismatch::use_reference);
  passing.candidate.alter_row = [](int32_t, auto& row) { row[0] += 1e-4F; };
  EXPECT_EQ(passing.result()->verdict, Verdict::tokens_differ);
  MismatchRun unhealthy(OnTokenMismatch::use_reference);
  unhealthy.candidate.alter_row = [](int32_t, auto& row) { row[0] = NAN; };
  EXPECT_EQ(unhealthy.result()->verdict, Verdict::unhealthy);
  MismatchRun same(OnTokenMismatch::use_candidate);
  same.candidate.ids_of_text = same.reference.ids_of_text;
  EXPECT_EQ(same.result()->verdict, Verdict::identical);
}

TEST(PerTokenGates, OverruledIdsMustBeInBothVocabularies) {
  MismatchRun mismatched(OnTokenMismatch::use_candidate);
  mismatched.candidate.info_.settings.n_vocab = kVocab + 5;
  mismatched.candidate.ids_of_text = {3, kVocab + 1};
  expect_error(mismatched.result(), ExitCode::usage,
               "token id " + std::to_string(kVocab + 1) + " at index 1");
  // The reference's own are in both; the width of the rows still closes the settings gate.
  mismatched.plan.on_token_mismatch = OnTokenMismatch::use_reference;
  const auto result = mismatched.result();
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->verdict, Verdict::tokens_differ);
  EXPECT_TRUE(mismatched.candidate.evaluated.empty());
}

TEST(PerTokenGates, GivenIdsSkipTokenisingOnBothSides) {
  FakeEngine candidate, reference;
  candidate.ids_of_text = {9};
  candidate.info_.capabilities.tokenize = reference.info_.capabilities.tokenize = false;
  const auto result = run(plan_of_ids(3, 2), candidate, reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->verdict, Verdict::identical);
  EXPECT_EQ(result->decode_steps, 2);
  EXPECT_EQ(result->positions[0].piece, "");
}

TEST(PerTokenGates, DifferentSettingsStopTheRunUnlessAskedFor) {
  FakeEngine candidate, reference;
  candidate.info_.settings.kv_type_k = candidate.info_.settings.kv_type_v = "f32";
  auto plan = plan_of_text();
  auto result = run(plan, candidate, reference);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->verdict, Verdict::settings_differ);
  EXPECT_TRUE(candidate.evaluated.empty());
  plan.asked_differences = {"kv-type"};
  result = run(plan, candidate, reference);
  EXPECT_EQ(result->verdict, Verdict::identical);
  ASSERT_EQ(result->settings.size(), 1U);
  EXPECT_EQ(result->settings[0].weight, SettingWeight::asked);
}

TEST(PerTokenGates, DifferentIdsAreTheFirstWordWhenSettingsDifferToo) {
  FakeEngine candidate, reference;
  candidate.ids_of_text = {1};
  candidate.info_.settings.rope = "base 1 scale 1";
  reference.info_.settings.rope = "base 2 scale 1";
  const auto result = run(plan_of_text(), candidate, reference);
  EXPECT_EQ(result->verdict, Verdict::tokens_differ);
  EXPECT_EQ(result->settings.size(), 1U);
}

TEST(PerTokenGates, MissingAndExtraRowsAreUnhealthy) {
  using Positions = std::vector<int32_t>;
  struct Case {
    const char* name;
    int32_t position;  // of the finding
    int32_t compared;
    std::function<Positions(Positions)> alter;
  };
  const std::vector<Case> cases = {
      {"missing-rows", 19, 19, [](Positions p) { return p.pop_back(), p; }},
      {"missing-rows", 0, 0, [](Positions) { return Positions{}; }},
      {"missing-rows", 4, 4, [](Positions p) { return p.erase(p.begin() + 4), p; }},
      {"extra-rows", 20, 20, [](Positions p) { return p.push_back(20), p; }},
      {"extra-rows", 3, 4, [](Positions p) { return p.insert(p.begin() + 4, 3), p; }}};
  for (const Case& c : cases) {
    for (const Side side : {Side::candidate, Side::reference}) {
      FakeEngine candidate, reference;
      (side == Side::candidate ? candidate : reference).alter_positions = c.alter;
      const auto result = run(plan_of_ids(20, 3), candidate, reference);
      ASSERT_TRUE(result.has_value()) << result.error().message();
      EXPECT_EQ(result->verdict, Verdict::unhealthy) << c.name;
      ASSERT_FALSE(result->health.empty());
      EXPECT_EQ(result->health[0].name, c.name);
      EXPECT_EQ(result->health[0].side, side);
      EXPECT_EQ(result->health[0].position, c.position) << c.name;
      EXPECT_EQ(result->prompt_positions, c.compared) << c.name;
      EXPECT_EQ(result->decode_steps, 0);
    }
  }
}

TEST(PerTokenGates, NothingComparedIsAFailure) {
  FakeEngine candidate, reference;
  candidate.alter_positions =
      reference.alter_positions = [](auto) { return std::vector<int32_t>{}; };
  const auto result = run(plan_of_ids(2), candidate, reference);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->verdict, Verdict::unhealthy);
  EXPECT_EQ(result->health.back().name, "nothing-compared");
}

TEST(PerTokenGates, APromptThatDoesNotFitIsUsage) {
  for (const Side side : {Side::candidate, Side::reference}) {
    FakeEngine candidate("native"), reference("llama.cpp");
    FakeEngine& small = side == Side::candidate ? candidate : reference;
    small.info_.settings.n_ctx = 10;
    EXPECT_TRUE(run(plan_of_ids(7, 3), candidate, reference).has_value());
    const auto result = run(plan_of_ids(7, 4), candidate, reference);
    expect_error(result, ExitCode::usage,
                 "a prompt of 7 tokens and 4 decode steps do not fit into a context of 10");
    EXPECT_THAT(result.error().where, HasSubstr(small.info_.identity.name));
    EXPECT_THAT(result.error().hint, HasSubstr("Raise -c"));
    small.info_.settings.n_ctx_learned = 10;
    expect_error(run(plan_of_ids(7, 4), candidate, reference), ExitCode::usage,
                 "learned no more positions: shorten the prompt, or lower --max-tokens.");
  }
}

TEST(PerTokenGates, AGivenIdOutsideAVocabularyIsUsage) {
  for (const TokenId bad : {-1, kVocab}) {
    FakeEngine candidate, reference;
    auto plan = plan_of_ids(3);
    plan.prompt.ids[1] = bad;
    expect_error(run(plan, candidate, reference), ExitCode::usage,
                 "token id " + std::to_string(bad) + " at index 1");
  }
  FakeEngine candidate, reference;
  candidate.ids_of_text = reference.ids_of_text = {3, kVocab};
  expect_error(run(plan_of_text(), candidate, reference), ExitCode::engine_failed, "candidate");
}

// Another vocabulary's ids need not be in the model's: nothing evaluates them.
TEST(PerTokenGates, DifferentIdsOutsideAVocabularyAreStillExplained) {
  FakeEngine candidate("native"), reference("llama.cpp");
  candidate.ids_of_text = {kVocab + 1000, 3};
  const auto result = run(plan_of_text(), candidate, reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->verdict, Verdict::tokens_differ);
  EXPECT_EQ(result->mismatch->candidate_ids, candidate.ids_of_text);
  auto plan = plan_of_text();
  plan.on_token_mismatch = OnTokenMismatch::use_candidate;
  expect_error(run(plan, candidate, reference), ExitCode::usage, "at index 0");
}

TEST(PerTokenGates, WhatAnEngineCannotDoIsRefusedByName) {
  struct Case {
    bool Capabilities::* what;
    const char* text;
  };
  for (const Case& c : {Case{&Capabilities::decode, "cannot decode"},
                        Case{&Capabilities::trace, "cannot show its tensors"}}) {
    FakeEngine candidate("native"), reference("llama.cpp");
    auto plan = plan_of_text();
    plan.first_diff = true;
    EXPECT_TRUE(run(plan, candidate, reference).has_value());
    reference.info_.capabilities.*c.what = false;
    const auto result = run(plan, candidate, reference);
    expect_error(result, ExitCode::usage, c.text);
    EXPECT_THAT(result.error().where, testing::StartsWith("reference llama.cpp"));
  }
}

// The first position that fails, and none where all rows are the same.
TEST(PerTokenGates, TheFirstPositionThatFailsIsExplained) {
  FakeEngine candidate("native"), reference("llama.cpp");
  auto plan = plan_of_text();
  std::vector<size_t> explained;
  plan.explain = [&](const std::vector<TokenId>& ids) -> Result<Explanation> {
    explained.push_back(ids.size());
    return Explanation{};
  };
  EXPECT_FALSE(run(plan, candidate, reference)->explanation.has_value());
  EXPECT_TRUE(explained.empty());
  candidate.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position == 1) row[3] += 100;
  };
  const auto result = run(plan, candidate, reference);
  EXPECT_TRUE(result->explanation.has_value());
  EXPECT_EQ(explained, std::vector<size_t>{2});
}

TEST(PerTokenGates, WarningsOfThePromptAreKept) {
  FakeEngine candidate, reference;
  candidate.info_.warnings = {{"tokenizer-vocabulary", "another"}};
  auto plan = plan_of_text();
  plan.prompt.warnings = {{"bos-doubled", "two of them"}};
  const auto result = run(plan, candidate, reference);
  ASSERT_EQ(result->warnings.size(), 2U);
  EXPECT_EQ(result->warnings[1].message, "candidate fake: another");
  EXPECT_EQ(result->warnings[0].name, "bos-doubled");
  EXPECT_EQ(result->verdict, Verdict::identical);
}

}  // namespace
}  // namespace crossval
