// GitLab's code quality report and SARIF: the same findings in two forms.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/suite/gitlab.h"
#include "report/suite/sarif.h"
#include "report/suite/suites.h"

namespace crossval {
namespace {

using nlohmann::json;
using namespace crossval::testing;

// printf 'native\0hello\0diverged' | sha256sum
constexpr const char* kHelloDiverged =
    "f92b2d226e6e5e06f4d2e64e77d6247b225ded91fb6c9a235adf18a33debe127";
constexpr const char* kSecondError =
    "c1702f75d08a6b92abd27ca5c80a92423c6182af5dbda9853a42db99f1a4eb6b";
constexpr const char* kShardNotRun =
    "e3ab7441f10725f814ca900f34990f99dd9a99526d08ce331972b41a8b6c7c6a";

TEST(GitlabReport, Whole) {
  const json expected = json::parse(R"([
    {"description": "native, a, b: 50%: ERROR: the engine ended (candidate); Look at it.\ncrossval suite prompt out/nightly 'a, b: 50%' | crossval per-token --candidate native --reference llama.cpp:kv=f32 -m m.gguf --messages -",
     "check_name": "crossval/error", "fingerprint": ")" +
                                    std::string(kSecondError) + R"(",
     "severity": "critical", "location": {"path": "out/nightly/prompts.jsonl", "lines": {"begin": 2}}},
    {"description": "native, hello: DIVERGED: first divergence at position 3; 6 of 8 positions have the same most likely token, lowest cosine 0.7500000, largest KL 5.00e-01\ncrossval suite prompt out/nightly hello | crossval per-token --candidate native --reference llama.cpp:kv=f32 -m m.gguf -f -",
     "check_name": "crossval/diverged", "fingerprint": ")" +
                                    std::string(kHelloDiverged) + R"(",
     "severity": "major", "location": {"path": "out/nightly/prompts.jsonl", "lines": {"begin": 1}}}])");
  EXPECT_EQ(json::parse(gitlab_report(suite_of_four())), expected);
}

TEST(GitlabReport, NothingAndSomethingMissing) {
  EXPECT_EQ(gitlab_report(passing_suite()), "[]\n");
  const json missing = json::parse(gitlab_report(suite_of_one_shard_of_two()));
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0]["severity"], "blocker");
  EXPECT_EQ(missing[0]["fingerprint"], kShardNotRun);
  EXPECT_EQ(missing[0]["location"]["lines"]["begin"], 2);
  EXPECT_EQ(json::parse(gitlab_report(SuiteResult{})).size(), 1U);
}

TEST(GitlabReport, AFingerprintHoldsNoFigure) {
  SuiteResult suite = suite_of_four();
  suite.pairs[0].prompts[0].lowest_cosine = -0.5;
  suite.pairs[0].prompts[0].first_divergence = 7;
  suite.pairs[0].prompts[0].detail = "otherwise";
  EXPECT_EQ(json::parse(gitlab_report(suite))[1]["fingerprint"], kHelloDiverged);
  suite.pairs[0].prompts[0].verdict = Verdict::unhealthy;
  EXPECT_NE(json::parse(gitlab_report(suite))[1]["fingerprint"], kHelloDiverged);
}

TEST(SarifReport, Results) {
  const json document = json::parse(sarif_report(suite_of_four()));
  EXPECT_EQ(document["version"], "2.1.0");
  const json& run = document["runs"][0];
  ASSERT_EQ(run["results"].size(), 2U);
  const json& result = run["results"][1];
  EXPECT_EQ(result["ruleId"], "crossval/diverged");
  EXPECT_EQ(run["tool"]["driver"]["rules"][result["ruleIndex"].get<size_t>()]["id"],
            "crossval/diverged");
  EXPECT_EQ(result["level"], "error");
  EXPECT_EQ(result["partialFingerprints"], (json{{"crossvalRun/v1", kHelloDiverged}}));
  EXPECT_EQ(result["locations"], json::parse(R"([{"physicalLocation": {"artifactLocation":
                {"uri": "out/nightly/prompts.jsonl"}, "region": {"startLine": 1}}}])"));
  EXPECT_EQ(run["invocations"][0]["executionSuccessful"], false);
  EXPECT_EQ(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
            "ERROR: 2 of 4 runs pass; 1 ERROR, 1 DIVERGED.");
}

TEST(SarifReport, WhetherItWasExecuted) {
  const json fine = json::parse(sarif_report(passing_suite()));
  EXPECT_EQ(fine["runs"][0]["results"], json::array());
  EXPECT_EQ(fine["runs"][0]["invocations"], (json::array({{{"executionSuccessful", true}}})));
  const json missing = json::parse(sarif_report(suite_of_one_shard_of_two()));
  EXPECT_EQ(missing["runs"][0]["results"][0]["ruleId"], "crossval/not-run");
  EXPECT_EQ(missing["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

TEST(SarifReport, NoMoreThanGithubTakes) {
  SuiteResult suite = suite_of_four();
  suite.prompts.assign(5002, "again");
  suite.pairs[0].prompts.clear();
  for (int32_t i = 0; i < 5002; ++i) suite.pairs[0].prompts.push_back(diverged_prompt(i));
  const json run = json::parse(sarif_report(suite))["runs"][0];
  EXPECT_EQ(run["results"].size(), 5000U);
  EXPECT_EQ(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
            "5,000 of 5,002 findings are listed, the worst");
}

TEST(SarifReport, HostileNames) {
  const json document = json::parse(sarif_report(hostile_suite()));
  const json& result = document["runs"][0]["results"][0];
  const std::string uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
  EXPECT_TRUE(uri.starts_with("%3C/td%3E%3C/testcase%3E%7C%60x%60%0A%3A%3Aerror"));
  EXPECT_EQ(json::parse(gitlab_report(hostile_suite())).size(), 2U);
}

TEST(SarifReport, AnAbsolutePath) {
  SuiteResult suite = suite_of_four();
  suite.folder = "/data/a b";
  const json document = json::parse(sarif_report(suite));
  EXPECT_EQ(document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
                    ["artifactLocation"]["uri"],
            "file:///data/a%20b/prompts.jsonl");
}

}  // namespace
}  // namespace crossval
