#include "report/suite/summary.h"

#include <gtest/gtest.h>

#include "report/suite/suites.h"

namespace crossval {
namespace {

using namespace crossval::testing;

TEST(SuiteSummary, CountsEachRunOnce) {
  const SuiteCounts counts = counts_of(suite_of_four());
  EXPECT_EQ(counts.passed, 2);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.errors, 1);
  EXPECT_EQ(counts.not_run, 0);
  EXPECT_FALSE(passed(suite_of_four()));
  EXPECT_TRUE(passed(passing_suite()));
}

TEST(SuiteSummary, TheHeadlineAndItsSentence) {
  EXPECT_EQ(suite_headline(suite_of_four()), "ERROR");
  EXPECT_EQ(suite_sentence(suite_of_four()), "2 of 4 runs pass; 1 ERROR, 1 DIVERGED.");
  EXPECT_EQ(suite_headline(passing_suite()), "MATCH");
  EXPECT_EQ(suite_sentence(passing_suite()), "4 of 4 runs pass.");
}

TEST(SuiteSummary, WhatIsMissingIsSaidFirst) {
  SuiteResult suite = suite_of_one_shard_of_two();
  EXPECT_EQ(suite_headline(suite), "INCOMPLETE");
  EXPECT_EQ(suite_sentence(suite),
            "1 of 2 shards has no result (1). 2 of 4 runs have not been done. Until now 2 of 2 "
            "runs pass.");
  EXPECT_FALSE(passed(suite));
  suite.pairs[0].prompts[0] = diverged_prompt(0);
  EXPECT_EQ(suite_headline(suite), "INCOMPLETE, DIVERGED");
}

TEST(SuiteSummary, WhatWasAcceptedPassesAndWhatIsWorseFails) {
  SuiteResult suite = passing_suite();
  SuitePromptResult& first = suite.pairs[0].prompts[0];
  first = diverged_prompt(0);
  first.limit = SuiteLimit{Verdict::diverged, 0.25, 0.5, 2};
  first.standing = Standing::accepted;
  EXPECT_EQ(suite_headline(suite), "ACCEPTED");
  EXPECT_TRUE(passed(suite));
  EXPECT_EQ(exit_code(suite), ExitCode::ok);
  EXPECT_EQ(standing_text(first), "DIVERGED, as accepted");
  SuitePromptResult& second = suite.pairs[0].prompts[1];
  second.limit = SuiteLimit{Verdict::match, 0.0001, 1e-6, 0};
  second.standing = Standing::worse;
  EXPECT_EQ(suite_headline(suite), "WORSE");
  EXPECT_EQ(exit_code(suite), ExitCode::diverged);
  EXPECT_EQ(suite_sentence(suite), "3 of 4 runs pass; 1 WORSE.");
  EXPECT_EQ(standing_text(second),
            "MATCH, and accepted were cosine 0.9999000, largest KL 1.00e-06 and 0 positions with "
            "another most likely token");
  suite.pairs[0].prompts[2] = diverged_prompt(2);
  EXPECT_EQ(suite_headline(suite), "DIVERGED");
  EXPECT_EQ(pair_word(suite.pairs[0]), "DIVERGED");
}

TEST(SuiteSummary, ABrokenLimitFailsWhatPasses) {
  SuiteResult suite = passing_suite();
  SuitePairResult& pair = suite.pairs[0];
  pair.limits = {
      {.limit = {LimitedFigure::mean_kl, 0.02}, .value = 0.0125, .state = LimitState::kept},
      {.limit = {LimitedFigure::same_top, 1}, .value = 0.99996, .state = LimitState::broken}};
  EXPECT_EQ(suite_headline(suite), "BEYOND-LIMITS");
  EXPECT_EQ(suite_sentence(suite), "4 of 4 runs pass; 1 limit broken.");
  EXPECT_FALSE(passed(suite));
  EXPECT_EQ(exit_code(suite), ExitCode::diverged);
  EXPECT_EQ(limit_sentence(pair.limits[0]), "mean KL 1.25e-02, at most 2.00e-02");
  EXPECT_EQ(limit_sentence(pair.limits[1]),
            "the same most likely token 99.99 %, at least 100.00 %");
  pair.prompts[0] = diverged_prompt(0);  // what fails by itself is worse
  EXPECT_EQ(suite_headline(suite), "DIVERGED");
  EXPECT_EQ(suite_sentence(suite), "3 of 4 runs pass; 1 DIVERGED, 1 limit broken.");
}

TEST(SuiteSummary, ALimitThatIsNotBrokenChangesNothing) {
  SuiteResult suite = passing_suite();
  suite.pairs[0].limits = {
      {.limit = {LimitedFigure::mean_kl, 0.02}, .value = 0.0125, .state = LimitState::kept},
      {.limit = {LimitedFigure::max_kl, 0}, .value = 1, .state = LimitState::not_judged}};
  EXPECT_EQ(suite_headline(suite), "MATCH");
  EXPECT_TRUE(passed(suite));
  EXPECT_EQ(exit_code(suite), ExitCode::ok);
}

TEST(SuiteSummary, ATwoByTwoSaysWhichOfThemItIs) {
  TwoByTwo square{.name = "t", .engines = {"a", "b"}, .models = {"f16", "q4"}, .positions = 10};
  EXPECT_EQ(two_by_two_sentence(square), "All four runs say the same.");
  square.quantisation[0].rms = 0.3;
  EXPECT_EQ(two_by_two_sentence(square),
            "The engines say the same on both models: all of it is the model.");
  square.engine[1].rms = 0.01;
  EXPECT_EQ(two_by_two_sentence(square),
            "The quantisation moves a position 30 times as far as the engine does.");
  square.engine[0].rms = 0.2;
  EXPECT_EQ(two_by_two_sentence(square), "Engine and quantisation move a position about as far.");
  square.quantisation[0].rms = 0.02;
  EXPECT_EQ(two_by_two_sentence(square),
            "The engine moves a position 10 times as far as the quantisation does.");
  square.quantisation[0].rms = 0;
  EXPECT_EQ(two_by_two_sentence(square),
            "The models say the same in both engines: all of it is the engine.");
  square.positions = 0;
  EXPECT_EQ(two_by_two_sentence(square),
            "No position was scored by all four runs: nothing can be said.");
}

TEST(SuiteSummary, NothingIsNotPassed) {
  EXPECT_FALSE(passed(SuiteResult{}));
  EXPECT_EQ(suite_headline(SuiteResult{}), "INCOMPLETE");
  EXPECT_EQ(suite_sentence(SuiteResult{}), "There is nothing to compare.");
}

TEST(SuiteSummary, ARecordThatLacksThoughItsShardIsThere) {
  SuiteResult suite = passing_suite();
  suite.pairs[0].prompts.erase(suite.pairs[0].prompts.begin() + 2);
  EXPECT_EQ(not_run_of(suite, suite.pairs[0]), std::vector<int32_t>{2});
  EXPECT_FALSE(passed(suite));
  EXPECT_EQ(suite_headline(suite), "INCOMPLETE");
}

TEST(SuiteSummary, NeitherVerdictNorErrorIsAnError) {
  SuiteResult suite = passing_suite();
  suite.pairs[0].prompts[0].verdict.reset();
  EXPECT_EQ(counts_of(suite).errors, 1);
  EXPECT_EQ(suite_headline(suite), "ERROR");
  EXPECT_FALSE(passed(suite));
}

TEST(SuiteSummary, OneShardAloneIsWhole) {
  SuiteResult suite = suite_of_one_shard_of_two();
  suite.missing = {};
  suite.shard = 0;
  EXPECT_EQ(prompts_in(suite), (std::vector<int32_t>{0, 2}));
  EXPECT_TRUE(passed(suite));
  EXPECT_EQ(suite_sentence(suite), "Of shard 0 of 2 alone. 2 of 2 runs pass.");
}

TEST(SuiteSummary, TheWorstFirst) {
  SuiteResult suite = suite_of_four();
  SuitePairResult& pair = suite.pairs[0];
  pair.prompts[2] = diverged_prompt(2);
  pair.prompts[2].lowest_cosine = std::nan("");
  std::vector<int32_t> order;
  for (const SuiteRun& run : runs_worst_first(suite)) order.push_back(run.prompt->prompt);
  EXPECT_EQ(order, (std::vector<int32_t>{1, 2, 0, 3}));
}

TEST(SuiteSummary, Figures) {
  const double nan = std::nan("");
  EXPECT_EQ(shown_estimate({nan, nan}), "-");
  EXPECT_EQ(shown_estimate({0.0125, 0.0025}), "1.25e-02 ± 2.50e-03");
  EXPECT_EQ(shown_estimate({0.0125, nan}), "1.25e-02");
  EXPECT_EQ(shown_perplexity({nan, 1}), "-");
  EXPECT_EQ(shown_perplexity({std::log(8.0), 0.125}), "8 ± 1");
  EXPECT_EQ(shown_share({nan, nan}), "-");
  EXPECT_EQ(shown_share({0.99996, 0.0001}), "99.99 % ± 0.01");
  EXPECT_EQ(shown_share({1, nan}), "100.00 %");
}

TEST(SuiteSummary, ASentenceOfAResult) {
  EXPECT_EQ(result_sentence(diverged_prompt(0)),
            "first divergence at position 3; 6 of 8 positions have the same most likely token, "
            "lowest cosine 0.7500000, largest KL 5.00e-01");
  EXPECT_EQ(result_sentence(failed_prompt(0)), "the engine ended (candidate); Look at it.");
}

}  // namespace
}  // namespace crossval
