#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/html/suite.h"
#include "report/suite/suites.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace crossval::testing;

// How often `part` is in `text`.
int64_t count_in(const std::string& text, const std::string& part) {
  int64_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// As many prompts as asked for, under two pairs; the last prompt of the second diverged.
SuiteResult large_suite(int32_t prompts) {
  SuiteResult suite = suite_of_four();
  suite.prompts.clear();
  suite.kinds.clear();
  suite.pairs[0].prompts.clear();
  for (int32_t i = 0; i < prompts; ++i) {
    suite.prompts.push_back("set/with/a/long/name.jsonl:" + std::to_string(i));
    suite.pairs[0].prompts.push_back(matching_prompt(i));
  }
  suite.pairs.push_back(suite.pairs[0]);
  suite.pairs[1].name = "other";
  suite.pairs[1].prompts.back() = diverged_prompt(prompts - 1);
  return suite;
}

TEST(SuitePage, TheVerdictAndEachPrompt) {
  const std::string page = html_report(suite_of_four());
  EXPECT_THAT(page, HasSubstr("<h1 class=\"bad\">ERROR</h1>\n<p>2 of 4 runs pass; 1 ERROR, 1 "
                              "DIVERGED.</p>"));
  EXPECT_THAT(page, HasSubstr("<i class=\"wrong k3\" title=\"hello: DIVERGED, first divergence at "
                              "3, same top 6 of 8, lowest cosine 0.7500000, largest KL "
                              "5.00e-01\">X</i>"
                              "<i class=\"wrong k3\" title=\"a, b: 50%: ERROR\">E</i>"
                              "<i class=\"right k1\" title=\"two: MATCH, "));
  EXPECT_THAT(page, HasSubstr("aria-label=\"native: of 4 prompts 2 passed, 1 failed, 1 ended in an "
                              "error, 0 not run\""));
  EXPECT_THAT(page, HasSubstr("crossval suite prompt out/nightly &#39;a, b: 50%&#39; | "));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">commit</th><td>c0ffee</td><td>beef</td><td "
                              "class=\"bad\">≠ differs</td>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">isa</th><td>avx2</td><td>avx2</td><td>=</td>"));
}

TEST(SuitePage, GoodOnlyWhereAllPasses) {
  EXPECT_THAT(html_report(passing_suite()), HasSubstr("<h1 class=\"good\">MATCH</h1>"));
  EXPECT_THAT(html_report(SuiteResult{}), HasSubstr("<h1 class=\"bad\">INCOMPLETE</h1>"));
}

TEST(SuitePage, WhatWasNotRun) {
  const std::string page = html_report(suite_of_one_shard_of_two());
  EXPECT_THAT(page, HasSubstr("<h1 class=\"bad\">INCOMPLETE</h1>\n<p>1 of 2 shards has no result"));
  EXPECT_THAT(page, HasSubstr("<i class=\"none k0\" title=\"three: not run\">?</i>"));
}

TEST(SuitePage, AFigureThatIsNotThere) {
  SuiteResult suite = passing_suite();
  suite.pairs[0].statistics = {};
  suite.pairs[0].prompts[0].lowest_cosine = std::nan("");
  const std::string page = html_report(suite);
  EXPECT_EQ(count_in(page, "<td class=\"number\" data-value=\"Infinity\">-</td>"), 14 + 4 + 4);
  EXPECT_THAT(page, HasSubstr("<td class=\"number\" data-value=\"Infinity\">NaN</td>"));
}

TEST(SuitePage, ManyPromptsShareCells) {
  const SuiteResult suite = large_suite(10000);
  const std::string page = html_report(suite);
  EXPECT_LT(page.size(), 3'000'000U);
  EXPECT_EQ(count_in(page, "title=\"prompts "), 2 * 2000);
  EXPECT_THAT(page, HasSubstr("<i class=\"wrong k3\" title=\"prompts 9996 to 10000, 4 of 5 pass; "
                              "set/with/a/long/name.jsonl:9999: DIVERGED"));
  EXPECT_EQ(count_in(page, "<tr class=\"fails\">"), 1);
  EXPECT_EQ(count_in(page, "<tr class=\"passes\">"), 999);
  EXPECT_THAT(page, HasSubstr("The worst 1,000 of 20,000 runs"));
}

TEST(SuitePage, HostileNames) {
  const std::string page = html_report(hostile_suite());
  EXPECT_EQ(count_in(page, "<script>"), 1);
  for (const char* forbidden : {"\x1b", "\xff", "\xe2\x80\xae", "</testcase>"})
    EXPECT_THAT(page, Not(HasSubstr(forbidden)));
}

}  // namespace
}  // namespace crossval
