#include "inspect/vocabulary_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "tokenizer/pretokenizer_search/known_vocabularies.h"
#include "tokenizer/tokenizer.h"

namespace crossval {
namespace {

// Keys whose tokens are no ordinary ones in sound files.
constexpr std::string_view kNamed[] = {"bos_token_id", "eos_token_id", "eot_token_id",
                                       "eom_token_id"};

// What turn-ending tokens are called, signs left out.
constexpr std::string_view kTurnEnds[] = {"assistantend",
                                          "end",
                                          "endofmessage",
                                          "endofmsg",
                                          "endofsentence",
                                          "endoftext",
                                          "endofturn",
                                          "endofturntoken",
                                          "endofutterance",
                                          "endturn",
                                          "eom",
                                          "eos",
                                          "eot",
                                          "imend",
                                          "messageend",
                                          "messagesep",
                                          "msgend",
                                          "roleend",
                                          "turnend"};

const std::vector<std::string_view>* strings_of(const GgufFile& file, std::string_view key) {
  const GgufKey* found = file.find_key(key);
  const auto* array = found == nullptr ? nullptr : std::get_if<GgufArray>(&found->value);
  return array == nullptr || array->element != GgufType::string ? nullptr : &array->strings;
}

std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte) != 0) letters += static_cast<char>(std::tolower(byte));
  }
  return letters;
}

bool is_special(const Vocabulary& vocabulary, int32_t id) {
  return vocabulary.has(id, kTokenControl | kTokenUserDefined | kTokenUnknown);
}

const std::string& text_of(const Vocabulary& vocabulary, int32_t id) {
  return vocabulary.tokens[static_cast<size_t>(id)].text;
}

/// The token that a key of the file names, where it is one of the vocabulary's.
std::optional<int32_t> named_token(const GgufFile& file, const Vocabulary& vocabulary,
                                   std::string_view name) {
  const auto id = file.int_or("tokenizer.ggml." + std::string(name), kNoToken);
  if (!id || *id < 0 || *id >= vocabulary.size()) return std::nullopt;
  return static_cast<int32_t>(*id);
}

/// Whether the file calls all its tokens normal, or does not say what they are.
bool all_normal(const GgufFile& file) {
  const GgufKey* key = file.find_key("tokenizer.ggml.token_type");
  if (key == nullptr) return true;
  const auto* types = std::get_if<GgufArray>(&key->value);
  if (types == nullptr || types->element == GgufType::string) return false;
  for (uint64_t i = 0; i < types->count; ++i)
    if (types->integer(i) != static_cast<int64_t>(TokenKind::normal)) return false;
  return true;
}

void find_in_types(const GgufFile& file, const Vocabulary& vocabulary,
                   std::vector<FileFinding>& findings) {
  const bool all = all_normal(file);
  for (const std::string_view name : kNamed) {
    const auto id = named_token(file, vocabulary, name);
    if (!id) continue;
    if (all) {
      findings.push_back(
          {"token-types", "tokenizer.ggml.token_type",
           fmt::format(
               "no token is a control token, not even {} {} \"{}\": in a prompt their texts "
               "become ordinary tokens",
               name, *id, text_of(vocabulary, *id))});
      return;
    }
    if (is_special(vocabulary, *id)) continue;
    findings.push_back({"ordinary-token", "tokenizer.ggml." + std::string(name),
                        fmt::format("token {} \"{}\" is an ordinary one, which text may hold", *id,
                                    text_of(vocabulary, *id))});
  }
}

/// Only special tokens whose text stands in the template are looked at, so that a template that
/// ends turns in a way not known here is no finding.
void find_in_template(const GgufFile& file, const Vocabulary& vocabulary,
                      std::vector<FileFinding>& findings) {
  constexpr std::string_view kKey = "tokenizer.chat_template";
  const auto text = file.string_or(kKey, "");
  if (!text || text->empty() || text->find("eos_token") != std::string_view::npos) return;
  std::optional<int32_t> turn_end;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    if (!is_special(vocabulary, id)) continue;
    const std::string& token = text_of(vocabulary, id);
    if (token.size() < 3 || text->find(token) == std::string_view::npos) continue;
    if (vocabulary.end_of_generation.contains(id)) return;
    const std::string letters = letters_of(token);
    if (std::ranges::find(kTurnEnds, letters) != std::end(kTurnEnds)) turn_end = id;
  }
  if (!turn_end) return;
  findings.push_back({"turn-end", std::string(kKey),
                      fmt::format("it ends turns with token {} \"{}\", which does not end "
                                  "generation; {} do",
                                  *turn_end, text_of(vocabulary, *turn_end),
                                  fmt::join(vocabulary.end_of_generation, ", "))});
}

}  // namespace

void find_duplicate_tokens(const GgufFile& file, std::vector<FileFinding>& findings) {
  const auto* tokens = strings_of(file, "tokenizer.ggml.tokens");
  if (tokens == nullptr) return;
  std::unordered_map<std::string_view, size_t> first;
  size_t duplicates = 0;
  std::string example;
  for (size_t i = 0; i < tokens->size(); ++i) {
    // Readers give empty texts names of their own.
    if ((*tokens)[i].empty()) continue;
    const auto [at, fresh] = first.emplace((*tokens)[i], i);
    if (fresh) continue;
    if (duplicates++ == 0)
      example = fmt::format("tokens {} and {} are both \"{}\"", at->second, i, (*tokens)[i]);
  }
  if (duplicates == 0) return;
  findings.push_back(
      {"duplicate-tokens", "tokenizer.ggml.tokens",
       duplicates == 1 ? example : fmt::format("{}; {} more", example, duplicates - 1)});
}

void find_in_sizes(const GgufFile& file, const TokenizerFacts& facts,
                   std::vector<FileFinding>& findings) {
  for (const GgufKey& key : file.keys()) {
    const auto* id = std::get_if<uint64_t>(&key.value);
    if (id == nullptr || !key.name.ends_with("_token_id")) continue;
    if (*id < static_cast<uint64_t>(facts.size) || *id == kNoTokenInFile) continue;
    findings.push_back({"special-token", std::string(key.name),
                        fmt::format("{} is none of the {} tokens", *id, facts.size)});
  }
  const GgufTensor* embedding = file.find_tensor("token_embd.weight");
  if (embedding == nullptr || embedding->ne[1] == facts.size) return;
  findings.push_back({"vocabulary-size", "token_embd.weight",
                      fmt::format("{} embeddings for {} tokens", embedding->ne[1], facts.size)});
}

void find_in_tokens(const GgufFile& file, const Vocabulary& vocabulary,
                    std::vector<FileFinding>& findings) {
  find_in_types(file, vocabulary, findings);
  find_in_template(file, vocabulary, findings);
}

void find_in_pre_tokenizer(const GgufFile& file, const Vocabulary& vocabulary,
                           std::vector<FileFinding>& findings) {
  constexpr std::string_view kKey = "tokenizer.ggml.pre";
  if (vocabulary.family != VocabularyFamily::bpe || vocabulary.model != "gpt2") return;
  const auto named = file.string_or(kKey, "");
  const bool missing = named && named->empty();
  const KnownPreTokenizers known = find_known_pre_tokenizers(file);
  const std::string others =
      known.own ? std::string("; the vocabulary is known with that")
      : known.others.empty()
          ? std::string()
          : fmt::format("; the vocabulary is known with {}", fmt::join(known.others, ", "));
  if (missing) {
    findings.push_back(
        {"no-pre-tokenizer", std::string(kKey),
         "the file does not say how text is cut into words, \"default\" is taken" + others});
  } else if (!known.others.empty()) {
    findings.push_back({"wrong-pre-tokenizer", std::string(kKey),
                        fmt::format("\"{}\" cuts text into other words than the vocabulary was "
                                    "made for{}",
                                    vocabulary.pre_tokenizer, others)});
  }
}

}  // namespace crossval
