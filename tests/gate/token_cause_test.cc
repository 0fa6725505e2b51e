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
  TokenSide result{engine,    {}, pieces, pieces, "<s>", "</s>", {"<s>", "</s>", "<|im_end|>"},
                   "default", {}};
  for (const std::string& piece : pieces) {
    result.ids.push_back(ids.emplace(piece, static_cast<int32_t>(ids.size())).first->second);
  }
  return result;
}

TokenGateInput gate(const std::string& text, const Pieces& candidate, const Pieces& reference) {
  static std::string kept;  // the input views it
  kept = text;
  TokenGateInput input{side("native", candidate), side("llama.cpp", reference)};
  input.candidate.text = input.reference.text = kept;
  return input;
}

// Two vocabularies without an id in common.
TokenGateInput foreign(const std::string& text, const Pieces& candidate, const Pieces& reference) {
  TokenGateInput input = gate(text, candidate, reference);
  for (int32_t& id : input.reference.ids) id += 1000;
  for (TokenSide* each : {&input.candidate, &input.reference}) {
    for (std::string& piece : each->pieces_elsewhere) piece = "?";
  }
  return input;
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

// A BOS or an EOS that the text holds is no one's to add: one side spells it.
TEST(TokenCause, ASpelledBosOrEosIsNotMissing) {
  EXPECT_EQ(name("<s>Hi", {"<", "s", ">", "Hi"}, {"<s>", "Hi"}), "special-as-text");
  EXPECT_EQ(name("<s>Hi", {"<s>", " <", "s", ">", "Hi"}, {"<s>", "<s>", "Hi"}), "special-as-text");
  EXPECT_EQ(name("<s>Hi", {"<s>", "Hi"}, {"<", "s>", "Hi"}), "text-as-special");
  EXPECT_EQ(name("Hi</s>", {"Hi", "</", "s", ">"}, {"Hi", "</s>"}), "special-as-text");
  EXPECT_EQ(name("Hi</s>", {"Hi", "</s>"}, {"Hi", "</s", ">"}), "text-as-special");
  EXPECT_EQ(name("s>Hi", {"s", ">", "Hi"}, {"<s>", "s", ">", "Hi"}), "bos-missing");
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

// Neither cuts words: there is no pre-tokenizer to differ in.
TEST(TokenCause, SentencePieceHasNoPreTokenizer) {
  const auto cause = [](const char* candidate, const char* reference) {
    TokenGateInput input = gate("in 12", {"in", " 12"}, {"in", " ", "1", "2"});
    input.candidate.pre_tokenizer = candidate;
    input.reference.pre_tokenizer = reference;
    return find_token_mismatch(input)->cause;
  };
  EXPECT_EQ(cause("", "").name, "merge-order");
  EXPECT_THAT(cause("", "").sentence, testing::HasSubstr("neither cuts words first"));
  EXPECT_EQ(cause("default", "").name, "pre-tokenizer-digits");
  EXPECT_EQ(cause("", "llama-bpe").name, "pre-tokenizer-digits");
}

// Hangul in jamo, which one side composes; the other has no token for it.
TEST(TokenCause, NormalisedToWhatHasAToken) {
  const std::string jamo = "\u1112\u1161\u11AB", syllable = "\uD55C";
  const TokenGateInput input =
      gate("a " + jamo + " b", {"a", " ", "<unk>", " b"}, {"a", " ", syllable, " b"});
  const TokenCause cause = find_token_mismatch(input)->cause;
  EXPECT_EQ(cause.name, "normalisation");
  EXPECT_EQ(cause.sentence,
            "llama.cpp normalises the text before it cuts (NFC or NFD), native has no token for it "
            "as it is");
  EXPECT_EQ(name("a " + syllable, {"a", " ", "<unk>"}, {"a", " ", syllable}), "unknown-token");
  // A mark that one side leaves out.
  EXPECT_EQ(name("e\u0301!", {"e", "!"}, {"e", "<unk>", "!"}), "normalisation");
}

TEST(TokenCause, WhoNormalisesIsNamed) {
  const TokenGateInput input = gate("x\uFB01y", {"x", "\uFB01", "y"}, {"x", "fi", "y"});
  EXPECT_EQ(find_token_mismatch(input)->cause.sentence,
            "llama.cpp normalises the text before it cuts (NFKC or NFKD)");
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
  const auto found = find_token_mismatch(foreign("ab", {"a", "b"}, {"a", "b"}));
  EXPECT_EQ(found->cause.name, "other-vocabulary");
  EXPECT_FALSE(found->further_cause.has_value());
  EXPECT_EQ(found->causes, (std::map<std::string, size_t>{{"other-vocabulary", 1}}));
}

// Whatever else differs, one shared piece proves it; the evidence is that piece with both ids.
TEST(TokenCause, OtherVocabularyIsTheFirstCauseNamed) {
  TokenGateInput input = foreign("Hello photo", {"Hello", " ph", "oto"}, {"Hello", " pho", "to"});
  input.candidate.ids[0] = 15496;
  input.reference.ids[0] = 19556;
  const auto found = find_token_mismatch(input);
  EXPECT_EQ(found->cause.name, "other-vocabulary");
  EXPECT_EQ(found->cause.evidence, "[Hello]: native has id 15496, llama.cpp has id 19556");
  EXPECT_FALSE(found->further_cause.has_value());  // other merges are the vocabulary's
}

TEST(TokenCause, WhatTheTextShowsBesideOtherVocabularyIsSaidToo) {
  const auto further = [](const TokenGateInput& input) {
    const auto found = find_token_mismatch(input);
    EXPECT_EQ(found->cause.name, "other-vocabulary");
    return found->further_cause ? found->further_cause->name : "none";
  };
  EXPECT_EQ(further(foreign("In 12", {"In", " 12"}, {"In", " ", "1", "2"})),
            "pre-tokenizer-digits");
  // Each side has its own BOS.
  TokenGateInput own_bos = foreign("Hi", {"<begin>", "Hi"}, {"Hi"});
  own_bos.candidate.bos_text = "<begin>";
  EXPECT_EQ(further(own_bos), "bos-extra");
  TokenGateInput two = foreign("<im>Hi", {"<s>", "<", "im", ">", "Hi"}, {"<im>", "Hi"});
  two.reference.bos_text = "<im>";
  two.reference.special_texts = {"<im>"};
  EXPECT_EQ(further(two), "special-as-text");
}

// A vocabulary that has a piece twice: both sides know both ids by it.
TEST(TokenCause, APieceThatAVocabularyHasTwiceProvesNothing) {
  TokenGateInput input = gate("a\nb", {"a", "\n", "b"}, {"a", "\n", "b"});
  input.reference.ids[1] = 1013;
  EXPECT_EQ(find_token_mismatch(input)->cause.name, "unexplained");
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
