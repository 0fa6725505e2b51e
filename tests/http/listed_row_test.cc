#include "http/listed_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/small_vocabulary.h"

namespace crossval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ListedRowOf : public ::testing::Test {
 protected:
  ListedRowOf() : vocabulary_({"a", "b", "\xC3", "\xC3", "\xC3\xA4"}) {}

  Result<ListedRow> read(const char* json, size_t most = 10) {
    return read_listed_row(nlohmann::json::parse(json), *TokenTexts::of(vocabulary_), most);
  }

  SmallVocabulary vocabulary_;
};

TEST_F(ListedRowOf, EachShapeSaysTheSame) {
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

TEST_F(ListedRowOf, BytesSayMoreThanText) {
  const auto read_row = read(R"([{"token": "x", "bytes": [195, 164], "logprob": -0.1}])");
  ASSERT_TRUE(read_row.has_value());
  EXPECT_THAT(read_row->row.tokens, ElementsAre(TopToken{4, -0.1F}));
}

TEST_F(ListedRowOf, EndsAtATextOfTwoTokensAndAtOneOfNone) {
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

TEST_F(ListedRowOf, AnUnlikelyTokenOfThePromptDoesNotCount) {
  const auto read_row = read(R"({"0": {"logprob": -0.1}, "1": {"logprob": -7}})", 1);
  ASSERT_TRUE(read_row.has_value());
  EXPECT_THAT(read_row->row.tokens, ElementsAre(TopToken{0, -0.1F}));
}

TEST_F(ListedRowOf, RefusesOtherShapes) {
  for (const char* json : {R"("a")", "1", "null", R"({"a": "b"})", R"({"a": null})",
                           R"([{"token": "a"}])", "[1]", R"({"0": {"logprob": "x"}})"}) {
    EXPECT_FALSE(read(json).has_value()) << json;
  }
  EXPECT_THAT(read(R"({"token_id:0": -1, "a": -1})").error().what, HasSubstr("twice"));
  EXPECT_THAT(read("{}")->row.tokens, IsEmpty());
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
