#include "session/per_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::ElementsAre;

TEST(PerToken, EqualEnginesAreIdentical) {
  FakeEngine candidate, reference;
  Quiet observer;
  const auto result = compare_per_token(plan_of_text(), candidate, reference, observer, {});
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->verdict, Verdict::identical);
  EXPECT_EQ(result->prompt_positions, 5);
  EXPECT_EQ(result->decode_steps, 4);
  EXPECT_EQ(result->identical_rows, 9);
  EXPECT_THAT(result->tokens, ElementsAre(3, 1, 4, 1, 5));
  EXPECT_FALSE(result->first_divergence.has_value());
  EXPECT_EQ(result->passing_cos_tol, 1.0);
  EXPECT_EQ(result->max_absolute_diff, 0);
  EXPECT_GT(result->seconds, 0);
  EXPECT_THAT(observer.phases, ElementsAre("tokenise", "evaluate", "decode"));
  EXPECT_EQ(observer.last_done, 9);
  EXPECT_EQ(observer.last_planned, 9);
}

TEST(PerToken, TheReferencesGreedyChoiceIsFedToBoth) {
  FakeEngine candidate, reference;
  candidate.alter_row = [](int32_t position, std::vector<float>& row) {
    row[static_cast<size_t>((position + 5) % kVocab)] = 9.0F;  // another choice everywhere
  };
  const auto result = run(plan_of_text(), candidate, reference);
  ASSERT_TRUE(result.has_value());
  // By hand: greedy(4) = 30 mod 19 = 11, greedy(5) = 37 mod 19 = 18, then 6 and 13.
  EXPECT_THAT(reference.evaluated, ElementsAre(3, 1, 4, 1, 5, 11, 18, 6, 13));
  EXPECT_EQ(candidate.evaluated, reference.evaluated);
  ASSERT_EQ(result->positions.size(), 9U);
  EXPECT_EQ(result->positions[5].id, 11);
  EXPECT_EQ(result->positions[5].piece, "<11>");
  EXPECT_TRUE(result->positions[5].decode);
  EXPECT_FALSE(result->positions[4].decode);
  EXPECT_GT(result->argmax_flips, 0);
}

TEST(PerToken, DecodingStopsAtTheReferencesEndOfGeneration) {
  FakeEngine candidate, reference;
  candidate.end_of_generation = 11;  // the candidate's opinion does not count
  reference.end_of_generation = 18;
  const auto result = run(plan_of_text(), candidate, reference);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->stopped_at_end_of_generation);
  EXPECT_EQ(result->decode_steps, 1);
  EXPECT_EQ(result->verdict, Verdict::identical);
  FakeEngine a, b;
  EXPECT_FALSE(run(plan_of_text(), a, b)->stopped_at_end_of_generation);
}

TEST(PerToken, ZeroMaxTokensComparesThePromptAlone) {
  FakeEngine candidate, reference;
  const auto result = run(plan_of_ids(7), candidate, reference);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->prompt_positions, 7);
  EXPECT_EQ(result->decode_steps, 0);
}

TEST(PerToken, APatternInTheLogitsBecomesAWarning) {
  FakeEngine candidate, reference;
  candidate.alter_row = [](int32_t, std::vector<float>& row) {
    for (float& x : row) x *= 2.0F;
  };
  const auto result = run(plan_of_text(), candidate, reference);
  ASSERT_TRUE(result.has_value());
  ASSERT_EQ(result->warnings.size(), 1U);
  EXPECT_EQ(result->warnings[0].name, "constant-factor");
  FakeEngine a, b;
  EXPECT_TRUE(run(plan_of_text(), a, b)->warnings.empty());
}

// One logit moved far at one position.
void bend(FakeEngine& engine, int32_t where) {
  engine.alter_row = [where](int32_t position, std::vector<float>& row) {
    if (position == where) row[0] += 2.0F;
  };
}

TEST(PerToken, ADivergenceIsFoundWhereItIs) {
  for (const int32_t where : {0, 3, 6, 8}) {  // 7 and 8 are decode steps
    FakeEngine candidate, reference;
    bend(candidate, where);
    auto plan = plan_of_ids(7, 2);
    plan.requirement = Requirement::cosine;
    const auto result = run(plan, candidate, reference);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->verdict, Verdict::diverged) << where;
    EXPECT_EQ(result->first_divergence, where);
    EXPECT_EQ(result->worst, where);
    EXPECT_EQ(result->identical_rows, 8);
    EXPECT_EQ(result->max_absolute_diff, 2.0);
    // The tolerance it names would have passed, and nothing above it.
    ASSERT_TRUE(result->passing_cos_tol.has_value());
    plan.cos_tol = *result->passing_cos_tol;
    EXPECT_EQ(run(plan, candidate, reference)->verdict, Verdict::match);
    plan.cos_tol = std::nextafter(plan.cos_tol, 1.0);
    EXPECT_EQ(run(plan, candidate, reference)->verdict, Verdict::diverged);
  }
}

TEST(PerToken, OneBitIsEnoughForTheRequirementBits) {
  FakeEngine candidate, reference;
  candidate.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position == 2) row[4] = std::nextafter(row[4], 100.0F);
  };
  auto plan = plan_of_ids(5);
  EXPECT_EQ(run(plan, candidate, reference)->verdict, Verdict::match);
  plan.requirement = Requirement::bits;
  const auto result = run(plan, candidate, reference);
  EXPECT_EQ(result->verdict, Verdict::diverged);
  EXPECT_EQ(result->first_divergence, 2);
  EXPECT_EQ(result->identical_rows, 4);
}

struct Sickness {
  const char* name;
  std::function<void(std::vector<float>&)> infect;
};
const std::vector<Sickness> kSicknesses = {
    {"nan", [](auto& row) { row[11] = std::numeric_limits<float>::quiet_NaN(); }},
    {"infinite", [](auto& row) { row[3] = -std::numeric_limits<float>::infinity(); }},
    {"all-zero", [](auto& row) { row.assign(row.size(), 0.0F); }},
    {"constant", [](auto& row) { row.assign(row.size(), 1.5F); }},
    {"wrong-width", [](auto& row) { row.pop_back(); }},
    {"wrong-width", [](auto& row) { row.push_back(0.0F); }},
    {"wrong-width", [](auto& row) { row.clear(); }}};

void make_sick(FakeEngine& engine, const Sickness& sickness, int32_t where) {
  engine.alter_row = [&sickness, where](int32_t position, std::vector<float>& row) {
    if (position == where) sickness.infect(row);
  };
}

TEST(PerToken, AnUnhealthyRowNeverPassesWhateverIsRequired) {
  for (const Sickness& sickness : kSicknesses) {
    for (int32_t where = 0; where < 6; ++where) {  // 4 and 5 are decode steps
      for (const int sick : {1, 2, 3}) {           // candidate, reference, both
        for (const auto requirement : {Requirement::cosine, Requirement::bits}) {
          FakeEngine candidate, reference;
          if (sick != 2) make_sick(candidate, sickness, where);
          if (sick != 1) make_sick(reference, sickness, where);
          auto plan = plan_of_ids(4, 2);
          plan.requirement = requirement;
          plan.cos_tol = -1;
          const auto result = run(plan, candidate, reference);
          ASSERT_TRUE(result.has_value()) << result.error().message();
          EXPECT_EQ(result->verdict, Verdict::unhealthy) << sickness.name << " " << where;
          EXPECT_EQ(exit_code(result->verdict), ExitCode::unhealthy);
          ASSERT_FALSE(result->health.empty());
          EXPECT_EQ(result->health[0].name, sickness.name);
          EXPECT_EQ(result->health[0].position, where);
          EXPECT_EQ(result->health[0].side, sick == 2 ? Side::reference : Side::candidate);
          EXPECT_EQ(result->health.size(), sick == 3 ? 2U : 1U);
          EXPECT_FALSE(result->passing_cos_tol.has_value());
          const auto& position = result->positions.at(static_cast<size_t>(where));
          EXPECT_FALSE(position.passed);
          EXPECT_FALSE(position.healthy);
        }
      }
    }
  }
}

TEST(PerToken, AfterAnUnhealthyRowThePromptGoesOnAndDecodingDoesNot) {
  FakeEngine candidate, reference;
  make_sick(candidate, kSicknesses[0], 1);
  const auto result = run(plan_of_ids(6, 4), candidate, reference);
  EXPECT_EQ(result->prompt_positions, 6);
  EXPECT_EQ(result->decode_steps, 0);
  EXPECT_TRUE(std::isnan(result->max_absolute_diff));
  EXPECT_EQ(result->worst, 1);
}

}  // namespace
}  // namespace crossval
