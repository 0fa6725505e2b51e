#include "logprobs/listed_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace crossval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<ListedRow> read(const char* json, size_t most = 10) {
  // Of tokens 2 and 3 the text is the same.
  const std::map<std::string_view, int32_t> ids = {{"a", 0}, {"b", 1}, {"\xC3\xA4", 4}};
  const ListedTokens known = {5, [&](std::string_view text) {
                                const auto found = ids.find(text);
                                return found == ids.end() ? -1 : found->second;
                              }};
  return read_listed_row(nlohmann::json::parse(json), known, most);
}

TEST(ListedRowOf, EachShapeSaysTheSame) {
  const std::vector<TopToken> expected = {{1, -0.5F}, {0, -1.5F}};
  for (
      const char* json :
      {R"({"a": -1.5, "b": -0.5})", R"({"token_id:0": -1.5, "token_id:1": -0.5})",
       R"({"0": {"logprob": -1.5, "rank": 2, "decoded_token": "a"}, "1": {"logprob": -0.5}})",
       R"([{"token": "a", "logprob": -1.5}, {"token": "b", "logprob": -0.5, "bytes": [98]}])",
       R"([{"token": "?", "id": 0, "logprob": -1.5}, {"token": "?", "id": 1, "logprob": -0.5}])"}) {
    const auto read_row = read(json);
    ASSERT_TRUE(read_row.has_value()) << json;
    EXPECT_EQ(read_row->row.tokens, expected) << json;
    EXPECT_FALSE(read_row->ended);
  }
}

TEST(ListedRowOf, BytesSayMoreThanText) {
  const auto read_row = read(R"([{"token": "x", "bytes": [195, 164], "logprob": -0.1}])");
  ASSERT_TRUE(read_row.has_value());
  EXPECT_THAT(read_row->row.tokens, ElementsAre(TopToken{4, -0.1F}));
}

TEST(ListedRowOf, EndsAtATextOfTwoTokensAndAtOneOfNone) {
  for (const char* unclear :
       {R"([{"token": "b", "logprob": -3}, {"bytes": [195], "token": "?", "logprob": -2},
            {"token": "a", "logprob": -1}])",
        R"({"b": -3, "zzz": -2, "a": -1})", R"({"token_id:x": -2, "token_id:0": -1})"}) {
    const auto read_row = read(unclear);
    ASSERT_TRUE(read_row.has_value());
    EXPECT_THAT(read_row->row.tokens, ElementsAre(TopToken{0, -1.F})) << unclear;
    EXPECT_TRUE(read_row->ended);
  }
}

TEST(ListedRowOf, AnUnlikelyTokenOfThePromptDoesNotCount) {
  const auto read_row = read(R"({"0": {"logprob": -0.1}, "1": {"logprob": -7}})", 1);
  ASSERT_TRUE(read_row.has_value());
  EXPECT_THAT(read_row->row.tokens, ElementsAre(TopToken{0, -0.1F}));
}

TEST(ListedRowOf, RefusesOtherShapes) {
  for (const char* json : {R"("a")", "1", "null", R"({"a": "b"})", R"({"a": null})",
                           R"([{"token": "a"}])", "[1]", R"({"0": {"logprob": "x"}})"}) {
    EXPECT_FALSE(read(json).has_value()) << json;
  }
  EXPECT_THAT(read(R"({"token_id:0": -1, "a": -1})").error().what, HasSubstr("twice"));
  EXPECT_THAT(read("{}")->row.tokens, IsEmpty());
}

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

TEST(ListedRows, AreFoundInBothForms) {
  for (
      const char* json :
      {R"({"logprobs": {"content": [{"token": "x", "top_logprobs": [{"id": 1, "logprob": -1}]}]}})",
       R"({"logprobs": {"tokens": ["x"], "top_logprobs": [[{"id": 1, "logprob": -1}]]}})"}) {
    const auto choice = nlohmann::json::parse(json);
    ASSERT_EQ(listed_rows(choice).size(), 1U);
    EXPECT_EQ(listed_at(listed_rows(choice), 0).size(), 1U);
    EXPECT_TRUE(listed_at(listed_rows(choice), 1).is_null());
  }
  EXPECT_TRUE(listed_rows(nlohmann::json::parse(R"({"logprobs": null})")).is_null());
}

TEST(Distance, IsTheMeanOfWhatBothList) {
  const TopRow a{{{0, -1.F}, {1, -2.F}}, 0.5};
  EXPECT_EQ(distance(a, a), 0);
  EXPECT_DOUBLE_EQ(distance(a, {{{0, -1.5F}, {1, -2.F}}, 0.5}), 0.25);
  EXPECT_DOUBLE_EQ(distance(a, {{{0, -1.F}}, 0.5}), 5);  // token 1 counts 10
  EXPECT_DOUBLE_EQ(distance({}, a), 10);
}

}  // namespace
}  // namespace crossval
