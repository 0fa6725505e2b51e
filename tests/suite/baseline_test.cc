#include "suite/baseline.h"

#include <gmock/gmock.h>

#include <cmath>

namespace crossval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SuitePromptResult run(int32_t prompt, Verdict verdict, double cosine, double kl, int32_t flips) {
  SuitePromptResult r;
  r.prompt = prompt;
  r.verdict = verdict;
  r.positions = 10;
  r.same_top = 10 - flips;
  r.lowest_cosine = cosine;
  r.largest_kl = kl;
  return r;
}

SuiteResult suite_of(std::vector<SuitePromptResult> runs) {
  SuiteResult suite;
  suite.prompts = {"a", "b", "c"};
  SuitePairResult pair;
  pair.name = "p";
  pair.candidate = "native";
  pair.reference = "llama.cpp";
  pair.reference_marks = {{"commit", "c0ffee"}, {"isa", "avx2"}};
  pair.prompts = std::move(runs);
  suite.pairs = {pair};
  return suite;
}

const Acceptance kAnn{.by = "Ann",
                      .at = "2026-11-30T05:00:00Z",
                      .reason = "the new kernel",
                      .run = "abc",
                      .candidate = {},
                      .reference = {}};

SuiteBaseline accepted(const SuiteResult& suite) { return accept_suite(suite, {}, kAnn).baseline; }

Standing standing(const SuiteBaseline& baseline, SuitePromptResult now, double slack = 1) {
  SuiteResult suite = suite_of({std::move(now)});
  judge_by_baseline(suite, baseline, slack);
  return suite.pairs[0].prompts[0].standing;
}

TEST(Baseline, ARunIsJudgedByEachFigure) {
  const SuiteBaseline baseline = accepted(suite_of({run(0, Verdict::match, 0.9995, 0.01, 1)}));
  EXPECT_EQ(standing(baseline, run(0, Verdict::match, 0.9995, 0.01, 1)), Standing::within);
  EXPECT_EQ(standing(baseline, run(0, Verdict::identical, 1, 0, 0)), Standing::within);
  EXPECT_EQ(standing(baseline, run(0, Verdict::match, 0.9994, 0.01, 1)), Standing::worse);
  EXPECT_EQ(standing(baseline, run(0, Verdict::match, 0.9995, 0.011, 1)), Standing::worse);
  EXPECT_EQ(standing(baseline, run(0, Verdict::match, 0.9995, 0.01, 2)), Standing::worse);
  EXPECT_EQ(standing(baseline, run(0, Verdict::match, std::nan(""), 0.01, 1)), Standing::worse);
  EXPECT_EQ(standing(baseline, run(1, Verdict::match, 0.5, 9, 9)), Standing::unjudged);
  EXPECT_EQ(standing(baseline, run(0, Verdict::match, 0.9991, 0.019, 2), 2), Standing::within);
}

TEST(Baseline, WhatWasIdenticalStaysIdentical) {
  const SuiteBaseline baseline = accepted(suite_of({run(0, Verdict::identical, 1, 0, 0)}));
  EXPECT_EQ(standing(baseline, run(0, Verdict::match, 1 - 1e-12, 0, 0), 100), Standing::worse);
}

TEST(Baseline, OnlyAFailureThatWasAcceptedPasses) {
  const SuitePromptResult diverged = run(0, Verdict::diverged, 0.99, 0.1, 2);
  const SuiteBaseline failing = accepted(suite_of({diverged}));
  SuiteResult suite = suite_of({diverged});
  judge_by_baseline(suite, failing, 1);
  EXPECT_EQ(suite.pairs[0].prompts[0].standing, Standing::accepted);
  EXPECT_EQ(exit_code(suite), ExitCode::ok);
  // The same figures under a requirement that has become harder: nobody accepted that it fails.
  const SuiteBaseline passing = accepted(suite_of({run(0, Verdict::match, 0.99, 0.1, 2)}));
  EXPECT_EQ(standing(passing, diverged), Standing::unjudged);
  suite = suite_of({run(0, Verdict::diverged, 0.98, 0.1, 2)});
  judge_by_baseline(suite, failing, 1);
  EXPECT_EQ(suite.pairs[0].prompts[0].standing, Standing::worse);
  EXPECT_EQ(exit_code(suite), ExitCode::diverged);
}

TEST(Baseline, AMatchThatIsWorseFailsTheSuite) {
  SuiteResult suite = suite_of({run(0, Verdict::match, 0.9991, 0.01, 0)});
  judge_by_baseline(suite, accepted(suite_of({run(0, Verdict::match, 0.9999, 0.01, 0)})), 1);
  EXPECT_EQ(exit_code(suite), ExitCode::diverged);
}

TEST(Baseline, LimitsShrinkByThemselvesAndGrowWithAReason) {
  const SuiteBaseline first = accepted(
      suite_of({run(0, Verdict::match, 0.9995, 0.01, 1), run(1, Verdict::match, 0.9995, 0.01, 1)}));
  const BaselineUpdate shrunk = accept_suite(
      suite_of({run(0, Verdict::match, 0.9999, 0.01, 0), run(1, Verdict::match, 0.9995, 0.01, 1)}),
      first, kAnn);
  EXPECT_FALSE(shrunk.needs_reason);
  ASSERT_EQ(shrunk.changes.size(), 1U);
  EXPECT_EQ(shrunk.changes[0].change, LimitChange::lowered);
  EXPECT_EQ(shrunk.kept, 1);
  const BaselineUpdate grown = accept_suite(
      suite_of({run(0, Verdict::match, 0.9999, 0.02, 0), run(1, Verdict::match, 0.9995, 0.01, 1)}),
      first, kAnn);
  EXPECT_TRUE(grown.needs_reason);
  ASSERT_EQ(grown.changes.size(), 1U);
  EXPECT_EQ(grown.changes[0].change, LimitChange::grown);
  EXPECT_DOUBLE_EQ(grown.changes[0].before->largest_kl, 0.01);
  EXPECT_DOUBLE_EQ(grown.changes[0].after->largest_kl, 0.02);
}

TEST(Baseline, AFailingRunNeedsAReasonOnce) {
  const SuiteResult suite = suite_of({run(0, Verdict::diverged, 0.99, 0.1, 2)});
  const BaselineUpdate update = accept_suite(suite, {}, kAnn);
  EXPECT_TRUE(update.needs_reason);
  EXPECT_FALSE(accept_suite(suite, update.baseline, kAnn).needs_reason);
  const BaselineUpdate better =
      accept_suite(suite_of({run(0, Verdict::diverged, 0.995, 0.1, 2)}), update.baseline, kAnn);
  EXPECT_FALSE(better.needs_reason);
}

TEST(Baseline, WhatHasNoFiguresIsNotAccepted) {
  SuitePromptResult error;
  error.error = Error{ExitCode::engine_failed, "it ended", {}, {}};
  SuitePromptResult tokens = run(1, Verdict::tokens_differ, 1, 0, 0);
  const SuiteBaseline before = accepted(suite_of({run(0, Verdict::match, 0.9995, 0.01, 1)}));
  const BaselineUpdate update = accept_suite(suite_of({error, tokens}), before, kAnn);
  EXPECT_THAT(update.refused, ElementsAre("p, a: ERROR", "p, b: TOKENS-DIFFER"));
  EXPECT_EQ(update.baseline.limits.size(), 1U);  // what was accepted stays
  EXPECT_EQ(update.kept, 1);
}

TEST(Baseline, LimitsOfRunsThatAreGoneGo) {
  const SuiteBaseline before = accepted(
      suite_of({run(0, Verdict::match, 0.9995, 0.01, 1), run(1, Verdict::match, 0.9995, 0.01, 1)}));
  const BaselineUpdate update =
      accept_suite(suite_of({run(1, Verdict::match, 0.9995, 0.01, 1)}), before, kAnn);
  ASSERT_EQ(update.changes.size(), 1U);
  EXPECT_EQ(update.changes[0].change, LimitChange::removed);
  EXPECT_EQ(update.changes[0].prompt, "a");
}

TEST(Baseline, TheFileReadsBack) {
  const SuiteBaseline first = accepted(suite_of(
      {run(0, Verdict::diverged, 0.99, std::nan(""), 2), run(1, Verdict::match, 0.1 + 0.2, 0, 0)}));
  const auto read = parse_baseline(baseline_text(first), "b.json");
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->limits.size(), 2U);
  const AcceptedLimit& a = read->limits.at({"p", "a"});
  EXPECT_EQ(a.limit.verdict, Verdict::diverged);
  EXPECT_TRUE(std::isnan(a.limit.largest_kl));
  EXPECT_EQ(read->limits.at({"p", "b"}).limit.distance, 1 - (0.1 + 0.2));
  ASSERT_EQ(read->acceptances.size(), 1U);
  EXPECT_EQ(read->acceptances[a.acceptance].by, "Ann");
  EXPECT_EQ(read->acceptances[a.acceptance].reference, "llama.cpp c0ffee");
  EXPECT_EQ(baseline_text(*read), baseline_text(first));
}

TEST(Baseline, OldAcceptancesStayWithTheirLimits) {
  const SuiteBaseline first = accepted(
      suite_of({run(0, Verdict::match, 0.9995, 0.01, 1), run(1, Verdict::match, 0.9995, 0.01, 1)}));
  Acceptance bob = kAnn;
  bob.by = "Bob";
  const SuiteBaseline next = accept_suite(suite_of({run(0, Verdict::match, 0.9999, 0.01, 1),
                                                    run(1, Verdict::match, 0.9995, 0.01, 1)}),
                                          first, bob)
                                 .baseline;
  ASSERT_EQ(next.acceptances.size(), 2U);
  EXPECT_EQ(next.acceptances[next.limits.at({"p", "a"}).acceptance].by, "Bob");
  EXPECT_EQ(next.acceptances[next.limits.at({"p", "b"}).acceptance].by, "Ann");
}

TEST(Baseline, WhatIsNoBaselineIsRefused) {
  const std::string good = baseline_text(accepted(suite_of({run(0, Verdict::match, 1, 0, 0)})));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    const auto read = parse_baseline(text, "b.json");
    return read ? std::string("taken") : read.error().what;
  };
  EXPECT_THAT(with("crossval_baseline\": 1", "crossval_baseline\": 2"), HasSubstr("version 2"));
  EXPECT_THAT(with("\"MATCH\"", "\"FINE\""), HasSubstr("damaged"));
  EXPECT_THAT(with("\"acceptance\":0", "\"acceptance\":7"), HasSubstr("no acceptance 7"));
  EXPECT_THAT(with("\"largest_kl\"", "\"kl\""), HasSubstr("damaged"));
  EXPECT_EQ(parse_baseline("[]", "b.json").error().what, "it is no baseline of a suite");
  EXPECT_EQ(parse_baseline("{", "b.json").error().what, "it is no baseline of a suite");
}

}  // namespace
}  // namespace crossval
