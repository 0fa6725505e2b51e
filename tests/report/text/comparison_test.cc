#include "report/text/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/settings.h"
#include "report/comparisons.h"
#include "support/approved.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace crossval::testing;

const TextOptions kWide{.layout = {.color = false, .width = 200}};

std::string shown(const Comparison& comparison, TextOptions options = {}) {
  return text_report(comparison, options);
}

TEST(TextReport, Identical) {
  expect_approved("report/identical.txt", shown(identical_comparison(6, 2)));
}

TEST(TextReport, IdenticalVerbose) {
  Comparison comparison = identical_comparison(6, 2);
  ComparedSettings settings =
      compare_settings(comparison.candidate, comparison.reference, {}, comparison.models);
  comparison.settings = settings.differing;
  comparison.equal_settings = settings.equal;
  expect_approved("report/identical-verbose.txt",
                  shown(comparison, {.layout = {}, .verbose = true, .all = false}));
}

TEST(TextReport, DivergedAbbreviatedWithTrace) {
  expect_approved("report/diverged.txt", shown(diverged_comparison()));
}

TEST(TextReport, UnhealthyRowShowsNoFigures) {
  expect_approved("report/unhealthy.txt", shown(unhealthy_comparison()));
}

TEST(TextReport, TokenMismatch) {
  expect_approved("report/tokens-differ.txt", shown(mismatched_comparison()));
}

TEST(TextReport, TokenMismatchOverruled) {
  expect_approved("report/tokens-differ-overruled.txt", shown(overruled_comparison()));
}

TEST(TextReport, SettingsRefused) {
  expect_approved("report/settings-differ.txt", shown(refused_comparison()));
}

TEST(TextReport, AllShowsEveryPosition) {
  const Comparison comparison = diverged_comparison();
  EXPECT_THAT(shown(comparison), Not(HasSubstr("\" word10\"")));
  const std::string all = shown(comparison, {.layout = {}, .verbose = false, .all = true});
  for (int i = 2; i < 42; ++i) EXPECT_THAT(all, HasSubstr("\" word" + std::to_string(i) + "\""));
  EXPECT_THAT(all, Not(HasSubstr("more")));
}

TEST(TextReport, ColourOnlyWhenAsked) {
  EXPECT_THAT(shown(diverged_comparison()), Not(HasSubstr("\x1b")));
  EXPECT_THAT(shown(diverged_comparison(), {.layout = {.color = true, .width = 80}}),
              HasSubstr("\x1b[31mDIVERGED\x1b[0m: "));
}

// What is shown never passes the tolerance that the position fails.
TEST(TextReport, CosineJustBelowTheToleranceDoesNotLookLikeIt) {
  Comparison comparison = diverged_comparison();
  comparison.positions[20].metrics.cosine = 0.999 - 1e-12;
  EXPECT_THAT(shown(comparison, kWide), HasSubstr("cosine 0.9989999 below 0.999"));
}

TEST(TextReport, OneOfAnythingIsSingular) {
  Comparison comparison = identical_comparison(1, 0);
  comparison.verdict = Verdict::match;
  EXPECT_THAT(shown(comparison, kWide), HasSubstr("MATCH: 1 position of the prompt passes with"));
  EXPECT_THAT(shown(comparison, kWide), HasSubstr("(1 row bit-identical)"));
  comparison = identical_comparison(2, 0);
  comparison.verdict = Verdict::match;
  EXPECT_THAT(shown(comparison, kWide), HasSubstr("MATCH: 2 positions of the prompt pass with"));
}

TEST(TextReport, SmallestPassingToleranceUnderBits) {
  Comparison comparison = diverged_comparison();
  comparison.requirement = Requirement::bits;
  EXPECT_THAT(shown(comparison, kWide), HasSubstr("--cos-tol 0.5100000 would have passed"));
}

}  // namespace
}  // namespace crossval
