#include "suite/located_json.h"

#include <gmock/gmock.h>

namespace crossval {
namespace {

constexpr const char* kText = R"({
  "name": "x",
  "pairs": [
    {"candidate": "a"},
    {
      "candidate": "b",
      "odd/key~": 1
    }
  ]
})";

TEST(LocatedJson, EachMemberKnowsItsLine) {
  const auto json = LocatedJson::parse(kText, "s.json");
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_EQ(json->where("/name"), "s.json, line 2, key name");
  EXPECT_EQ(json->where("/pairs"), "s.json, line 3, key pairs");
  EXPECT_EQ(json->where("/pairs/0/candidate"), "s.json, line 4, key pairs[0].candidate");
  EXPECT_EQ(json->where("/pairs/1"), "s.json, line 5, key pairs[1]");
  EXPECT_EQ(json->where("/pairs/1/odd~1key~0"), "s.json, line 7, key pairs[1].odd~1key~0");
  EXPECT_EQ(json->where(""), "s.json");
}

// A member that is not there is where the one around it is.
TEST(LocatedJson, AMissingMemberIsWhereItsParentIs) {
  const auto json = LocatedJson::parse(kText, "s.json");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->where("/pairs/1/reference"), "s.json, line 5, key pairs[1].reference");
}

TEST(LocatedJson, WhatIsNoJsonIsToldWithItsLine) {
  const auto json = LocatedJson::parse("{\n\"a\": 1,\n\"b\": ,\n}", "s.json");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().code, ExitCode::bad_input_file);
  EXPECT_EQ(json.error().where, "s.json, line 3");
  EXPECT_THAT(json.error().what, testing::StartsWith("it is no JSON: syntax error"));
}

TEST(LocatedJson, WhatIsNestedTooDeepIsRefused) {
  const auto json = LocatedJson::parse(std::string(100000, '['), "s.json");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().what, "it is no JSON: nested too deep");
}

TEST(LocatedJson, AKeyThatIsThereTwiceIsRefused) {
  const auto json = LocatedJson::parse("{\"a\": {\"b\": 1,\n\"b\": 2}}", "s.json");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().where, "s.json, line 2, key a.b");
}

}  // namespace
}  // namespace crossval
