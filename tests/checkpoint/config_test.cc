#include "checkpoint/config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace crossval {
namespace {

TEST(JsonFile, TheFirstMemberThatIsThereCounts) {
  const auto file =
      JsonFile::parse(R"({"b": 2, "c": 3, "n": null, "x": 0.5, "f": true})", "c.json");
  ASSERT_TRUE(file.has_value());
  constexpr std::string_view kNames[] = {"a", "n", "b", "c"};
  EXPECT_EQ(file->integer(kNames), 2);
  EXPECT_EQ(file->number("x"), 0.5);
  EXPECT_EQ(file->flag("f"), true);
  EXPECT_EQ(file->integer("n"), std::nullopt);
  EXPECT_FALSE(file->error().has_value());
  EXPECT_EQ(file->unread(), std::vector<std::string>{"c"});
}

TEST(JsonFile, KeepsTheFirstError) {
  const auto file = JsonFile::parse(R"({"a": "1", "b": -1, "t": 5})", "c.json");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->integer("a"), std::nullopt);
  EXPECT_EQ(file->integer("b"), std::nullopt);
  EXPECT_EQ(file->text("t"), "");
  ASSERT_TRUE(file->error().has_value());
  EXPECT_EQ(file->error()->what, "\"1\" where a whole number from 0 to 2147483647 belongs");
  EXPECT_EQ(file->error()->where, "c.json, a");
}

TEST(JsonFile, RefusesWhatIsNoObject) {
  for (const char* text : {"", "{", "[1]", "1"}) {
    const auto file = JsonFile::parse(text, "c.json");
    ASSERT_FALSE(file.has_value()) << text;
    EXPECT_EQ(file.error().what, "no JSON object");
  }
}

}  // namespace
}  // namespace crossval
