#include "suite/difference.h"

#include <gmock/gmock.h>

#include <cmath>

namespace crossval {
namespace {

using ::testing::ElementsAre;

SuitePromptResult run(int32_t prompt, Verdict verdict, double cosine, double kl) {
  SuitePromptResult r;
  r.prompt = prompt;
  r.verdict = verdict;
  r.positions = r.same_top = 10;
  r.lowest_cosine = cosine;
  r.largest_kl = kl;
  return r;
}

SuiteResult suite_of(std::vector<std::string> prompts, std::vector<SuitePromptResult> runs) {
  SuiteResult suite;
  suite.prompts = std::move(prompts);
  SuitePairResult pair;
  pair.name = "p";
  pair.candidate_marks = {{"commit", "a"}};
  pair.prompts = std::move(runs);
  suite.pairs = {pair};
  return suite;
}

// Of "x" alone, before and after.
std::vector<RunChange> changes(const SuitePromptResult& before, const SuitePromptResult& after) {
  const SuiteDifference d = suite_difference(suite_of({"x"}, {before}), suite_of({"x"}, {after}));
  std::vector<RunChange> all;
  for (const ChangedRun& r : d.pairs.at(0).runs) all.push_back(r.change);
  return all;
}

TEST(SuiteDifference, EachRunChangesInOneWay) {
  const SuitePromptResult match = run(0, Verdict::match, 0.9995, 0.01);
  EXPECT_THAT(changes(match, match), ElementsAre());
  EXPECT_THAT(changes(match, run(0, Verdict::match, 0.9994, 0.01)), ElementsAre(RunChange::worse));
  EXPECT_THAT(changes(match, run(0, Verdict::match, 0.9996, 0.01)), ElementsAre(RunChange::better));
  EXPECT_THAT(changes(match, run(0, Verdict::match, 0.9996, 0.02)), ElementsAre(RunChange::mixed));
  EXPECT_THAT(changes(match, run(0, Verdict::match, 0.9995, std::nan(""))),
              ElementsAre(RunChange::worse));
  EXPECT_THAT(changes(match, run(0, Verdict::diverged, 0.9995, 0.01)),
              ElementsAre(RunChange::fails));
  EXPECT_THAT(changes(run(0, Verdict::diverged, 0.5, 1), match), ElementsAre(RunChange::passes));
  EXPECT_THAT(changes(match, run(0, Verdict::drift, 0.9995, 0.01)), ElementsAre(RunChange::mixed));
}

TEST(SuiteDifference, PromptsAreHeldTogetherByTheirIds) {
  const SuiteDifference d = suite_difference(
      suite_of({"x", "y"}, {run(0, Verdict::match, 1, 0), run(1, Verdict::match, 1, 0)}),
      suite_of({"z", "y"}, {run(0, Verdict::match, 1, 0), run(1, Verdict::match, 1, 0)}));
  ASSERT_EQ(d.pairs.size(), 1U);
  EXPECT_EQ(d.pairs[0].same, 1);
  ASSERT_EQ(d.pairs[0].runs.size(), 2U);
  EXPECT_EQ(d.pairs[0].runs[0].prompt, "x");
  EXPECT_EQ(d.pairs[0].runs[0].change, RunChange::gone);
  EXPECT_EQ(d.pairs[0].runs[1].prompt, "z");
  EXPECT_EQ(d.pairs[0].runs[1].change, RunChange::added);
  EXPECT_EQ(exit_code(d), ExitCode::ok);
}

TEST(SuiteDifference, ANewRunThatFailsIsAFailure) {
  const SuiteDifference d =
      suite_difference(suite_of({"x"}, {}), suite_of({"x"}, {run(0, Verdict::diverged, 0.5, 1)}));
  EXPECT_EQ(d.pairs[0].runs[0].change, RunChange::fails);
  EXPECT_EQ(exit_code(d), ExitCode::diverged);
}

TEST(SuiteDifference, PairsOfOneResultAlone) {
  SuiteResult before = suite_of({"x"}, {}), after = suite_of({"x"}, {});
  after.pairs[0].name = "q";
  const SuiteDifference d = suite_difference(before, after);
  ASSERT_EQ(d.pairs.size(), 2U);
  EXPECT_FALSE(d.pairs[0].before);
  EXPECT_FALSE(d.pairs[1].after);
}

TEST(SuiteDifference, TheEnginesAreHeldTogether) {
  SuiteResult before = suite_of({"x"}, {}), after = suite_of({"x"}, {});
  after.pairs[0].candidate_marks = {{"commit", "b"}, {"isa", "avx2"}};
  EXPECT_THAT(suite_difference(before, after).pairs[0].engine_changes,
              ElementsAre("candidate commit: a → b", "candidate isa: none → avx2"));
}

TEST(SuiteDifference, AResultThatIsNotCompleteIsNoAllClear) {
  SuiteResult after = suite_of({"x"}, {});
  after.missing = {0};
  EXPECT_EQ(exit_code(suite_difference(suite_of({"x"}, {}), after)), ExitCode::again);
}

}  // namespace
}  // namespace crossval
