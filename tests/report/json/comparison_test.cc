#include "report/json/comparison.h"

#include <gtest/gtest.h>

#include "report/comparisons.h"
#include "report/json/values.h"
#include "support/approved.h"

namespace crossval {
namespace {

using namespace crossval::testing;

Json parsed(const Comparison& comparison) { return Json::parse(json_report(comparison)); }

TEST(JsonReport, Approved) {
  expect_approved("report/unhealthy.json", json_report(unhealthy_comparison()));
  expect_approved("report/tokens-differ.json", json_report(mismatched_comparison()));
}

TEST(JsonReport, NamesOfTheAncestor) {
  const Json json = parsed(diverged_comparison());
  EXPECT_EQ(json["status"], "diverged");
  EXPECT_EQ(json["first_divergence_token"], 20);
  EXPECT_EQ(json["threshold"], 0.999);
  EXPECT_EQ(json["max_absolute_diff"], 0.75);
  ASSERT_EQ(json["per_token_cosine_sim"].size(), 42U);
  EXPECT_EQ(json["per_token_cosine_sim"][30], 0.51);
  ASSERT_EQ(json["per_token_l2_dist"].size(), 42U);
  EXPECT_EQ(json["per_token_l2_dist"][41], 12.5);
  const Json same = parsed(identical_comparison(3, 0));
  EXPECT_EQ(same["status"], "ok");
  EXPECT_TRUE(same["first_divergence_token"].is_null());
}

TEST(JsonReport, PromptFirstThenDecode) {
  const Json json = parsed(identical_comparison(3, 2));
  EXPECT_EQ(json["prompt_positions"], 3);
  EXPECT_EQ(json["decode_steps"], 2);
  EXPECT_EQ(json["positions"][2]["phase"], "prompt");
  EXPECT_EQ(json["positions"][3]["phase"], "decode");
}

TEST(JsonReport, EveryVerdictHasItsWordAndExitCode) {
  const auto said = [](const Comparison& comparison) {
    const Json json = parsed(comparison);
    return json["verdict"].get<std::string>() + " " + json["status"].get<std::string>() + " " +
           std::to_string(json["exit_code"].get<int>());
  };
  EXPECT_EQ(said(identical_comparison(1, 0)), "IDENTICAL ok 0");
  EXPECT_EQ(said(diverged_comparison()), "DIVERGED diverged 1");
  EXPECT_EQ(said(mismatched_comparison()), "TOKENS-DIFFER tokens-differ 2");
  EXPECT_EQ(said(overruled_comparison()), "TOKENS-DIFFER tokens-differ 2");
  EXPECT_EQ(said(unhealthy_comparison()), "UNHEALTHY unhealthy 3");
  EXPECT_EQ(said(refused_comparison()), "SETTINGS-DIFFER settings-differ 6");
}

}  // namespace
}  // namespace crossval
