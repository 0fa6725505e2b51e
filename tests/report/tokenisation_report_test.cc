#include "report/tokenisation_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace crossval {
namespace {

// "né" with a BOS in front, the two bytes of é as tokens of their own.
Tokenisation example() {
  Tokenisation tokens;
  tokens.engine = "native";
  tokens.prompt.text = "n\xC3\xA9";
  tokens.ids = {1, 110, 195, 169};
  tokens.pieces = {"<s>", "n", "\xC3", "\xA9"};
  tokens.ranges = {{0, 0}, {0, 1}, {1, 2}, {2, 3}};
  tokens.warnings = {{"bos-doubled", "two of them"}};
  return tokens;
}

TEST(TokenisationReport, TextHasALinePerToken) {
  EXPECT_EQ(tokenisation_text(example()),
            "index        bytes       id  piece\n"
            "    0            -        1  \"<s>\"\n"
            "    1          0-1      110  \"n\"\n"
            "    2          1-2      195  \"\\xc3\"\n"
            "    3          2-3      169  \"\\xa9\"\n"
            "4 tokens of 3 bytes\n");
}

TEST(TokenisationReport, JsonKeepsBytesThatAreNotUtf8) {
  const auto json = nlohmann::json::parse(tokenisation_json(example()));
  EXPECT_EQ(json["count"], 4);
  EXPECT_EQ(json["engine"], "native");
  EXPECT_EQ(json["prompt"]["text"], "n\xC3\xA9");
  EXPECT_EQ(json["tokens"][1],
            (nlohmann::json{{"id", 110}, {"piece", "n"}, {"begin", 0}, {"end", 1}}));
  EXPECT_EQ(json["tokens"][2]["piece"], (nlohmann::json{{"hex", "c3"}}));
  EXPECT_EQ(json["warnings"][0]["name"], "bos-doubled");
}

}  // namespace
}  // namespace crossval
