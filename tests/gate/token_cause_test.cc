#include "gate/token_cause.h"

#include <gmock/gmock.h>

#include <map>

#include "gate/token_mismatch.h"

namespace crossval {
namespace {

using Pieces = std::vector<std::string>;

// Ids by piece, so that equal pieces have equal ids.
TokenSide side(const std::string& engine, const Pieces& pieces) {
  static std::map<std::string, int32_t> ids;
  TokenSide result{engine, {}, pieces};
  for (const std::string& piece : pieces) {
    result.ids.push_back(ids.emplace(piece, static_cast<int32_t>(ids.size())).first->second);
  }
  return result;
}

TokenGateInput gate(const std::string& text, const Pieces& candidate, const Pieces& reference) {
  static std::string kept;  // the input views it
  kept = text;
  return {kept,   side("native", candidate),    side("llama.cpp", reference), "<s>",
          "</s>", {"<s>", "</s>", "<|im_end|>"}};
}

std::string name(const std::string& text, const Pieces& candidate, const Pieces& reference) {
  const TokenGateInput input = gate(text, candidate, reference);
  const auto found = find_token_mismatch(input);
  return found ? found->cause.name : "none";
}

TEST(TokenCause, Bos) {
  EXPECT_EQ(name("Hi", {"Hi"}, {"<s>", "Hi"}), "bos-missing");
  EXPECT_EQ(name("Hi", {"<s>", "Hi"}, {"Hi"}), "bos-extra");
  EXPECT_EQ(name("<s>Hi", {"<s>", "<s>", "Hi"}, {"<s>", "Hi"}), "bos-doubled");
  EXPECT_EQ(name("<s>Hi", {"<s>", "Hi"}, {"<s>", "<s>", "Hi"}), "bos-doubled");
}

TEST(TokenCause, Eos) {
  EXPECT_EQ(name("Hi", {"Hi", "</s>"}, {"Hi"}), "eos-appended");
  EXPECT_EQ(name("Hi", {"Hi"}, {"Hi", "</s>"}), "eos-missing");
}

TEST(TokenCause, SpecialTokens) {
  EXPECT_EQ(
      name("a<|im_end|>\n", {"a", "<", "|", "im", "_end", "|", ">\n"}, {"a", "<|im_end|>", "\n"}),
      "special-as-text");
  EXPECT_EQ(name("a<|im_end|>", {"a", "<|im_end|>"}, {"a", "<|", "im_end", "|>"}),
            "text-as-special");
}

TEST(TokenCause, LeadingSpace) {
  EXPECT_EQ(name("Hello you", {"Hello", " you"}, {" Hello", " you"}), "leading-space");
  EXPECT_EQ(name("Hello", {"<s>", " Hel", "lo"}, {"<s>", "Hello"}), "leading-space");
}

TEST(TokenCause, PreTokenizers) {
  EXPECT_EQ(name("in 12345", {"in", " ", "123", "45"}, {"in", " ", "1", "2", "3", "4", "5"}),
            "pre-tokenizer-digits");
  EXPECT_EQ(name("don't", {"don", "'t"}, {"don", "'", "t"}), "pre-tokenizer-contractions");
  EXPECT_EQ(name("I\u2019ll", {"I", "\u2019", "ll"}, {"I\u2019", "ll"}),
            "pre-tokenizer-contractions");
  EXPECT_EQ(name("a   b", {"a", "  ", " b"}, {"a", "   ", "b"}), "pre-tokenizer-whitespace");
  EXPECT_EQ(name("a\n\nb", {"a", "\n", "\n", "b"}, {"a", "\n\n", "b"}), "pre-tokenizer-whitespace");
  EXPECT_EQ(name("getValue", {"get", "Value"}, {"getValue"}), "pre-tokenizer-case");
  EXPECT_EQ(name("a.b", {"a", ".", "b"}, {"a", ".b"}), "pre-tokenizer-other");
}

TEST(TokenCause, MergeOrder) {
  EXPECT_EQ(name("unable", {"un", "able"}, {"una", "ble"}), "merge-order");
  EXPECT_EQ(name("\u4e2d", {"\xE4", "\xB8\xAD"}, {"\xE4\xB8", "\xAD"}), "merge-order");
  EXPECT_EQ(name("...!", {"..", ".!"}, {"...", "!"}), "merge-order");
}

TEST(TokenCause, Normalisation) {
  EXPECT_EQ(name("x\uFB01y", {"x", "\uFB01", "y"}, {"x", "fi", "y"}), "normalisation");
  EXPECT_EQ(name("Paris", {"Paris"}, {"paris"}), "normalisation");
}

TEST(TokenCause, UnknownToken) {
  EXPECT_EQ(name("a\u4e2db", {"a", "<unk>", "b"}, {"a", "\xE4", "\xB8", "\xAD", "b"}),
            "unknown-token");
  EXPECT_EQ(name("a\u4e2db", {"a", "\u4e2d", "b"}, {"a", "\u2585", "b"}), "unknown-token");
}

TEST(TokenCause, Newline) {
  EXPECT_EQ(name("a\r\nb", {"a", "\n", "b"}, {"a", "\r\n", "b"}), "newline");
}

TEST(TokenCause, InvalidUtf8) {
  EXPECT_EQ(name("a\xFF", {"a", "\uFFFD"}, {"a", "\xFF"}), "invalid-utf8-replaced");
}

TEST(TokenCause, OtherVocabulary) {
  TokenGateInput input = gate("ab", {"a", "b"}, {"a", "b"});
  for (int32_t& id : input.reference.ids) id += 1000;
  EXPECT_EQ(find_token_mismatch(input)->cause.name, "other-vocabulary");
}

TEST(TokenCause, WhatNothingExplains) { EXPECT_EQ(name("abc", {"abc"}, {"xyz"}), "unexplained"); }

TEST(TokenCause, EqualIdsHaveNoCause) {
  EXPECT_EQ(name("ab", {"<s>", "ab"}, {"<s>", "ab"}), "none");
}

TEST(TokenCause, SentencesNameTheEngineAndThePieces) {
  const TokenGateInput input = gate("a<|im_end|>", {"a", "<|im_end|>"}, {"a", "<|", "im_end|>"});
  const TokenCause cause = find_token_mismatch(input)->cause;
  EXPECT_EQ(cause.sentence,
            "native makes the special token <|im_end|> of what llama.cpp reads as plain text");
  EXPECT_EQ(cause.evidence, "native: [<|im_end|>]; llama.cpp: [<|][im_end|>]");
}

}  // namespace
}  // namespace crossval
