#include "report/suite/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/suite/suites.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace crossval::testing;

TEST(JunitReport, Whole) {
  EXPECT_EQ(junit_report(suite_of_four()),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nightly" tests="4" failures="1" errors="1" time="2.250">
  <testsuite name="native" tests="4" failures="1" errors="1" time="2.250" skipped="0">
    <properties>
      <property name="candidate" value="native"/>
      <property name="reference" value="llama.cpp:kv=f32"/>
      <property name="model" value="m.gguf"/>
      <property name="manifest_sha256" value="abc123"/>
      <property name="candidate.commit" value="c0ffee"/>
      <property name="candidate.isa" value="avx2"/>
      <property name="reference.commit" value="beef"/>
      <property name="reference.isa" value="avx2"/>
    </properties>
    <testcase name="hello" classname="native" time="1.250">
      <failure type="DIVERGED" message="first divergence at position 3; 6 of 8 positions have the same most likely token, lowest cosine 0.7500000, largest KL 5.00e-01">first divergence at position 3; 6 of 8 positions have the same most likely token, lowest cosine 0.7500000, largest KL 5.00e-01
crossval suite prompt out/nightly hello | crossval per-token --candidate native --reference llama.cpp:kv=f32 -m m.gguf -f -</failure>
    </testcase>
    <testcase name="a, b: 50%" classname="native" time="0.000">
      <error type="engine-failed" message="the engine ended (candidate); Look at it.">the engine ended (candidate); Look at it.
crossval suite prompt out/nightly &#39;a, b: 50%&#39; | crossval per-token --candidate native --reference llama.cpp:kv=f32 -m m.gguf --messages -</error>
    </testcase>
    <testcase name="two" classname="native" time="0.500"/>
    <testcase name="three" classname="native" time="0.500"/>
  </testsuite>
</testsuites>
)");
}

TEST(JunitReport, AMissingShardIsAnError) {
  const std::string xml = junit_report(suite_of_one_shard_of_two());
  EXPECT_THAT(xml, HasSubstr(R"(<testsuites name="nightly" tests="3" failures="0" errors="1")"));
  EXPECT_THAT(xml, HasSubstr(R"(    <testcase name="shard 1" classname="native" time="0.000">
      <error type="not-run" message="shard 1 of 2 has no result"/>
    </testcase>
)"));
}

TEST(JunitReport, WhatWasNotRunIsAnError) {
  SuiteResult suite = passing_suite();
  suite.pairs[0].prompts.pop_back();
  EXPECT_THAT(junit_report(suite), HasSubstr(R"(<testcase name="three" classname="native" )"
                                             "time=\"0.000\">\n      <error type=\"not-run\""));
  EXPECT_THAT(junit_report(SuiteResult{}), HasSubstr("errors=\"1\""));
  suite.prompts.clear();
  suite.pairs[0].prompts.clear();
  EXPECT_THAT(junit_report(suite), HasSubstr("errors=\"1\""));
}

TEST(JunitReport, NothingWrongNothingSaid) {
  EXPECT_THAT(junit_report(passing_suite()), Not(HasSubstr("<failure")));
  EXPECT_THAT(junit_report(passing_suite()), Not(HasSubstr("<error")));
}

TEST(JunitReport, HostileNames) {
  const std::string xml = junit_report(hostile_suite());
  for (const char* forbidden : {"\x1b", "\xff", "\xe2\x80\xae", "<script>", "`x`\n"})
    EXPECT_THAT(xml, Not(HasSubstr(forbidden)));
  EXPECT_THAT(xml, HasSubstr("name=\"&lt;/td&gt;&lt;/testcase&gt;|`x`\\n::error::\\x1b[31m"));
}

}  // namespace
}  // namespace crossval
