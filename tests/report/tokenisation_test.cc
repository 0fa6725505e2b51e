#include "report/json/tokenisation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/comparisons.h"
#include "report/text/tokenisation.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;

// "né" with a BOS in front, the two bytes of é as tokens of their own.
Tokenisation example() {
  Tokenisation tokens;
  tokens.engine.identity.name = "native";
  tokens.prompt.text = "n\xC3\xA9";
  tokens.ids = {1, 110, 195, 169};
  tokens.pieces = {"<s>", "n", "\xC3", "\xA9"};
  tokens.ranges = {{0, 0}, {0, 1}, {1, 2}, {2, 3}};
  tokens.warnings = {{"bos-doubled", "two of them"}};
  return tokens;
}

TEST(TokenisationReport, TextHasALinePerToken) {
  EXPECT_EQ(tokenisation_text(example(), {}),
            "index        bytes       id  piece\n"
            "    0            -        1  \"<s>\"\n"
            "    1          0-1      110  \"n\"\n"
            "    2          1-2      195  \"\\xc3\"\n"
            "    3          2-3      169  \"\\xa9\"\n"
            "4 tokens of 3 bytes\n");
}

TEST(TokenisationReport, OneTokenOfOneByte) {
  Tokenisation tokens = example();
  tokens.prompt.text = "n";
  tokens.ids = {110};
  tokens.pieces = {"n"};
  tokens.ranges = {{0, 1}};
  EXPECT_THAT(tokenisation_text(tokens, {}), HasSubstr("\n1 token of 1 byte\n"));
}

TEST(TokenisationReport, VerboseTextShowsHowThePromptCameToBe) {
  Tokenisation tokens = example();
  tokens.engine.settings.tokenizer_path = "files/tokenizer.json";
  tokens.prompt.form = "raw";
  tokens.prompt.form_why = "the default";
  tokens.prompt.bos = "added";
  tokens.prompt.bos_why = "the tokenizer file asks for it";
  tokens.prompt.special = "read as plain text";
  tokens.prompt.special_why = "the default too";
  EXPECT_EQ(tokenisation_text(tokens, {.layout = {}, .verbose = true}),
            "engine     native\n"
            "           tokenizer files/tokenizer.json\n"
            "rendered   \"né\"\n"
            "           form: raw (the default)\n"
            "           BOS: added (the tokenizer file asks for it)\n"
            "           special tokens: read as plain text (the default too)\n"
            "ids        1, 110, 195, 169\n\n" +
                tokenisation_text(tokens, {}));
  const auto json = nlohmann::json::parse(tokenisation_json(tokens, true));
  EXPECT_EQ(json["tokenizer_path"], "files/tokenizer.json");
}

TEST(TokenisationReport, JsonKeepsBytesThatAreNotUtf8) {
  const auto json = nlohmann::json::parse(tokenisation_json(example(), false));
  EXPECT_EQ(json["count"], 4);
  EXPECT_EQ(json["engine"], "native");
  EXPECT_EQ(json["prompt"]["text"], "n\xC3\xA9");
  EXPECT_EQ(json["tokens"][1],
            (nlohmann::json{{"id", 110}, {"piece", "n"}, {"begin", 0}, {"end", 1}}));
  EXPECT_EQ(json["tokens"][2]["piece"], (nlohmann::json{{"hex", "c3"}}));
  EXPECT_EQ(json["warnings"][0]["name"], "bos-doubled");
}

TEST(TokenisationReport, CountAloneHasNoTokens) {
  const auto json = nlohmann::json::parse(tokenisation_json(example(), true));
  EXPECT_EQ(json["count"], 4);
  EXPECT_FALSE(json.contains("tokens"));
  EXPECT_FALSE(json.contains("prompt"));
}

TokenComparison comparison(bool same) {
  TokenComparison both{example(), example(), {}, false, {}};
  both.candidate.engine = crossval::testing::native_engine();
  both.reference.engine = crossval::testing::llama_engine();
  if (!same) {
    both.candidate.ids.erase(both.candidate.ids.begin());
    both.candidate.pieces.erase(both.candidate.pieces.begin());
    both.candidate.ranges.erase(both.candidate.ranges.begin());
    both.mismatch = crossval::testing::mismatched_comparison().mismatch;
  }
  return both;
}

TEST(TokenisationReport, ComparedTextShowsTheTokensOrWhereTheyPart) {
  const std::string same = token_comparison_text(comparison(true), {});
  EXPECT_THAT(same, HasSubstr("candidate  native 0.1.0, commit 9272ab6: 4 tokens\n"));
  EXPECT_THAT(same, HasSubstr("reference  llama.cpp 0.3.36, commit 0c1e57098, canonical: 4"));
  EXPECT_THAT(same, HasSubstr(tokenisation_text(example(), {})));
  EXPECT_THAT(same, HasSubstr("SAME-TOKENS: "));
  EXPECT_EQ(same.find("tokenizer "), std::string::npos);
  TokenComparison with_file = comparison(true);
  with_file.candidate.engine.settings.tokenizer_path = "files/tokenizer.json";
  EXPECT_THAT(token_comparison_text(with_file, {}),
              HasSubstr("           tokenizer tokenizer.json\n"));
  TokenComparison explained = comparison(false);
  explained.mismatch->further_cause = TokenCause{"bos-extra", "one more", "as seen"};
  EXPECT_THAT(token_comparison_text(explained, {}),
              HasSubstr("further    bos-extra: one more\n           as seen\n"));
  const std::string different = token_comparison_text(comparison(false), {});
  EXPECT_THAT(different, HasSubstr("candidate  native 0.1.0, commit 9272ab6: 3 tokens\n"));
  EXPECT_THAT(different, HasSubstr("cause      pre-tokenizer-digits: "));
  EXPECT_THAT(different, HasSubstr("TOKENS-DIFFER: "));
  EXPECT_THAT(different, HasSubstr("from index 2 on.\n"));
}

TEST(TokenisationReport, ComparedJsonHasBothSidesAndTheExitCode) {
  const auto same = nlohmann::json::parse(token_comparison_json(comparison(true)));
  EXPECT_EQ(same["status"], "ok");
  EXPECT_EQ(same["exit_code"], 0);
  EXPECT_TRUE(same["mismatch"].is_null());
  const auto different = nlohmann::json::parse(token_comparison_json(comparison(false)));
  EXPECT_EQ(different["status"], "tokens-differ");
  EXPECT_EQ(different["exit_code"], 2);
  EXPECT_EQ(different["candidate"]["count"], 3);
  EXPECT_EQ(different["reference"]["tokens"].size(), 4U);
  EXPECT_EQ(different["reference"]["engine"]["identity"]["name"], "llama.cpp");
  EXPECT_EQ(different["mismatch"]["cause"]["name"], "pre-tokenizer-digits");
}

}  // namespace
}  // namespace crossval
