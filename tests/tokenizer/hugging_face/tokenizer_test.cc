#include "tokenizer/hugging_face/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace crossval {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

json added(int id, const char* content, bool special) {
  return {{"id", id}, {"content", content}, {"special", special}};
}

json file() {
  return {{"added_tokens", {added(5, "<s>", true), added(6, "<u>", false)}},
          {"model",
           {{"type", "BPE"},
            {"vocab", {{"a", 0}, {"b", 1}, {"c", 2}, {"ab", 3}, {"abc", 4}}},
            {"merges", {"a b", json::array({"ab", "c"})}}}}};
}

std::unique_ptr<Tokenizer> parsed(const json& content) {
  auto tokenizer = HfTokenizer::parse(content.dump(), "t.json");
  EXPECT_TRUE(tokenizer) << tokenizer.error().message();
  return std::move(*tokenizer);
}

TEST(HfTokenizer, MergesByRankAndFindsAddedTokens) {
  const auto tokenizer = parsed(file());
  EXPECT_THAT(*tokenizer->encode("abcab", false, false), ElementsAre(4, 3));
  EXPECT_THAT(*tokenizer->encode("a<s>b<u>", false, true), ElementsAre(0, 5, 1, 6));
  // What no token spells vanishes without an unknown token, and its neighbours join.
  EXPECT_THAT(*tokenizer->encode("a<s>b<u>", false, false), ElementsAre(3, 6));
  EXPECT_EQ(tokenizer->kind(5), TokenKind::control);
  EXPECT_EQ(tokenizer->kind(6), TokenKind::user_defined);
  EXPECT_EQ(tokenizer->piece(5, true), "<s>");
  EXPECT_EQ(tokenizer->piece(5, false), "");
}

TEST(HfTokenizer, FramesTheTextAsTheTemplateSays) {
  json content = file();
  content["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
      {"special_tokens", {{"<s>", {{"ids", {5}}}}}}};
  const auto tokenizer = parsed(content);
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_FALSE(tokenizer->add_eos());
  EXPECT_EQ(tokenizer->bos(), 5);
  EXPECT_THAT(*tokenizer->encode("ab", true, false), ElementsAre(5, 3));
  EXPECT_THAT(*tokenizer->encode("ab", false, false), ElementsAre(3));
}

TEST(HfTokenizer, RefusesATemplatesIdThatIsNone) {
  for (const json& id : {json(4294967301), json(-1), json(1.5)}) {  // the first is 5 in 32 bits
    json content = file();
    content["post_processor"] = {
        {"type", "TemplateProcessing"},
        {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
        {"special_tokens", {{"<s>", {{"ids", json::array({id})}}}}}};
    const auto tokenizer = HfTokenizer::parse(content.dump(), "t.json");
    ASSERT_FALSE(tokenizer) << id;
    EXPECT_THAT(tokenizer.error().what, HasSubstr("no token id"));
  }
}

TEST(HfTokenizer, RefusesUnsupportedPartsByName) {
  struct Case {
    const char* member;
    json value;
    const char* named;
  };
  const Case cases[] = {
      {"normalizer", {{"type", "Rot13"}}, "normalizer 'Rot13'"},
      {"pre_tokenizer", {{"type", "UnicodeScripts"}}, "pre-tokenizer 'UnicodeScripts'"},
      {"post_processor", {{"type", "Wrap"}}, "post-processor 'Wrap'"},
      {"decoder", {{"type", "CTC"}}, "decoder 'CTC'"},
      {"model", {{"type", "WordLevel"}}, "model 'WordLevel'"},
      {"truncation", {{"max_length", 3}}, "'truncation'"},
      {"padding", {{"strategy", {{"Fixed", 8}}}}, "'padding'"},
  };
  for (const Case& c : cases) {
    json content = file();
    content[c.member] = c.value;
    const auto tokenizer = HfTokenizer::parse(content.dump(), "t.json");
    ASSERT_FALSE(tokenizer) << c.member;
    EXPECT_EQ(tokenizer.error().code, ExitCode::bad_input_file);
    EXPECT_THAT(tokenizer.error().what, HasSubstr(c.named));
    EXPECT_THAT(tokenizer.error().where, HasSubstr(std::string("t.json, ") + c.member));
  }
  for (const char* setting : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    json content = file();
    content["model"][setting] = "x";
    EXPECT_THAT(HfTokenizer::parse(content.dump(), "t.json").error().what, HasSubstr(setting));
  }
}

TEST(HfTokenizer, RefusesWhatDoesNotFitTogether) {
  json repeated = file();
  repeated["model"]["vocab"]["z"] = 1;
  json far = file();
  far["model"]["vocab"]["z"] = 1 << 30;
  json merge = file();
  merge["model"]["merges"] = {"b c"};
  json moved = file();
  moved["added_tokens"] = {added(1, "a", true)};
  json taken = file();
  taken["added_tokens"] = {added(1, "new", true)};
  for (const json& content : {repeated, far, merge, moved, taken, json::array(), json::object()}) {
    EXPECT_FALSE(HfTokenizer::parse(content.dump(), "t.json")) << content;
  }
  EXPECT_FALSE(HfTokenizer::parse("{\"model\":", "t.json"));
}

}  // namespace
}  // namespace crossval
