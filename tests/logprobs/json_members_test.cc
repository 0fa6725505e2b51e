#include "logprobs/json_members.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(JsonMembers, MembersThatAreNotThereAreNull) {
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
