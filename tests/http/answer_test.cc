#include "http/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace crossval {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kVocab = 4;

TEST(TopRow, IsSortedAndKnowsTheRest) {
  // ln 0.5 and ln 0.25
  const auto row = top_row({{2, -1.3862944F}, {0, -0.6931472F}}, 10, kVocab);
  ASSERT_TRUE(row.has_value());
  ASSERT_EQ(row->tokens.size(), 2U);
  EXPECT_EQ(row->tokens[0].id, 0);
  EXPECT_EQ(row->tokens[1].id, 2);
  EXPECT_NEAR(row->rest, 0.25, 1e-6);
}

TEST(TopRow, OfEqualTokensTheFirstIsFirst) {
  const auto row = top_row({{3, -1.F}, {1, -1.F}}, 10, kVocab);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->tokens[0].id, 1);
}

TEST(TopRow, IsCutToWhatWasAskedFor) {
  const auto row = top_row({{0, -3.F}, {1, -0.7F}, {2, -2.F}}, 2, kVocab);
  ASSERT_TRUE(row.has_value());
  ASSERT_EQ(row->tokens.size(), 2U);
  EXPECT_EQ(row->tokens[1].id, 2);
  EXPECT_NEAR(row->rest, 1 - std::exp(-0.7) - std::exp(-2.0), 1e-6);
}

TEST(TopRow, OfAllTokensHasNoRest) {
  const auto row =
      top_row({{0, -1.4F}, {1, -1.4F}, {2, -1.4F}, {3, -1.4F}}, 4, kVocab);  // 4 × 0.2466
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->rest, 0);
}

TEST(TopRow, NumbersThatSayNothingAreLeftOut) {
  const float lowest = std::numeric_limits<float>::lowest();  // llama-server
  const float infinite = -std::numeric_limits<float>::infinity();
  const auto row = top_row({{0, 0.F}, {1, lowest}, {2, -9999.F}, {3, infinite}}, 4, kVocab);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->tokens.size(), 1U);
}

TEST(TopRow, RefusesWhatNoDistributionHas) {
  const auto refused = [](std::vector<TopToken> tokens) {
    const auto row = top_row(std::move(tokens), 10, kVocab);
    return row ? std::string() : row.error().what;
  };
  EXPECT_THAT(refused({{1, -1.F}, {1, -2.F}}), HasSubstr("token 1 twice"));
  EXPECT_THAT(refused({{4, -1.F}}), HasSubstr("token 4, which is not in [0, 4)"));
  EXPECT_THAT(refused({{-1, -1.F}}), HasSubstr("token -1"));
  EXPECT_THAT(refused({{1, 0.3F}}), HasSubstr("log-probability 0.3"));
  EXPECT_THAT(refused({{1, std::numeric_limits<float>::quiet_NaN()}}), HasSubstr("nan"));
  EXPECT_THAT(refused({{1, -0.1F}, {2, -0.2F}}), HasSubstr("together"));
}

TEST(Answer, MembersThatAreNotThereAreNull) {
  const auto json = nlohmann::json::parse(R"({"a": [1, 2], "b": -3, "c": 1e99, "d": "x"})");
  EXPECT_TRUE(member(json, "z").is_null());
  EXPECT_TRUE(member(json["a"], "a").is_null());
  EXPECT_TRUE(element(json["a"], 2).is_null());
  EXPECT_TRUE(element(json, 0).is_null());
  EXPECT_EQ(number_of(json["a"][1]), 2);
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_EQ(number_of(json[key]), -1) << key;
  EXPECT_EQ(number_of(4294967296), -1);
  EXPECT_EQ(text_of(json["d"]), "x");
  EXPECT_EQ(text_of(json["b"]), "");
}

}  // namespace
}  // namespace crossval
