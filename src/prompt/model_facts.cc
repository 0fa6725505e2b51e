#include "prompt/model_facts.h"

#include "tokenizer/gguf/read_vocabulary.h"
#include "tokenizer/tokenizer.h"

namespace crossval {
namespace {

constexpr std::string_view kTemplate = "tokenizer.chat_template";

// The text of the token that `key` names. A SentencePiece vocabulary has its BOS at 1 and its EOS
// at 2 when the file does not say.
Result<std::string> token_text(const GgufFile& file, const GgufArray& tokens, std::string_view key,
                               int64_t sentencepiece_default) {
  const auto kind = file.string_or("tokenizer.ggml.model", "");
  if (!kind) return tl::unexpected(kind.error());
  const auto id = file.int_or(key, *kind == "llama" ? sentencepiece_default : -1);
  if (!id) return tl::unexpected(id.error());
  if (*id < 0 || *id == kNoTokenInFile) return std::string();
  if (*id >= static_cast<int64_t>(tokens.strings.size())) {
    return fail(ExitCode::bad_input_file, "the vocabulary has no token " + std::to_string(*id),
                file.path() + ", key " + std::string(key));
  }
  return std::string(tokens.strings[static_cast<size_t>(*id)]);
}

Result<void> read_templates(const GgufFile& file, PromptModelFacts& facts) {
  for (const GgufKey& key : file.keys()) {
    std::string_view name = key.name;
    if (!name.starts_with(kTemplate)) continue;
    name.remove_prefix(kTemplate.size());
    if (!name.empty() && name[0] != '.') continue;  // tokenizer.chat_templates: the list of names
    const auto text = file.get_string(key.name);
    if (!text) return tl::unexpected(text.error());
    if (name.empty()) {
      facts.chat_template = std::string(*text);
    } else {
      facts.named_templates.emplace(name.substr(1), *text);
    }
  }
  return {};
}

// `types` may be null: all are normal then, but for those that upstream knows by their text.
void read_special_texts(const GgufArray& tokens, const GgufArray* types, PromptModelFacts& facts) {
  for (uint64_t id = 0; id < tokens.strings.size(); ++id) {
    TokenKind kind = kind_by_text(tokens.strings[id]);
    if (kind == TokenKind::normal && types != nullptr && id < types->count) {
      kind = static_cast<TokenKind>(types->integer(id));
    }
    if (kind == TokenKind::control || kind == TokenKind::unknown) {
      facts.control_texts.emplace_back(tokens.strings[id]);
    }
    if (kind == TokenKind::user_defined) facts.user_defined_texts.emplace_back(tokens.strings[id]);
  }
}

}  // namespace

Result<PromptModelFacts> read_model_facts(const GgufFile& file) {
  PromptModelFacts facts;
  facts.path = file.path();
  if (const auto read = read_templates(file, facts); !read) return tl::unexpected(read.error());
  if (file.find_key("tokenizer.ggml.tokens") == nullptr) return facts;
  const auto tokens = file.get_array("tokenizer.ggml.tokens");
  if (!tokens) return tl::unexpected(tokens.error());
  const auto bos = token_text(file, **tokens, "tokenizer.ggml.bos_token_id", 1);
  if (!bos) return tl::unexpected(bos.error());
  const auto eos = token_text(file, **tokens, "tokenizer.ggml.eos_token_id", 2);
  if (!eos) return tl::unexpected(eos.error());
  facts.bos_text = *bos;
  facts.eos_text = *eos;
  auto pre_tokenizer = pre_tokenizer_name(file);
  if (!pre_tokenizer) return tl::unexpected(pre_tokenizer.error());
  facts.pre_tokenizer = *std::move(pre_tokenizer);
  facts.pre_tokenizer_named = file.find_key("tokenizer.ggml.pre") != nullptr;
  const GgufArray* types = nullptr;
  if (file.find_key("tokenizer.ggml.token_type") != nullptr) {
    const auto found = file.get_array("tokenizer.ggml.token_type");
    if (!found) return tl::unexpected(found.error());
    if ((*found)->element != GgufType::string) types = *found;
  }
  read_special_texts(**tokens, types, facts);
  return facts;
}

Result<void> take_tokenizer_file(const std::string& path, PromptModelFacts& facts) {
  const auto tokenizer = Tokenizer::from_file(path);
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  const Tokenizer& own = **tokenizer;
  const auto text = [&](int32_t id) { return id < 0 ? std::string() : own.piece(id, true); };
  facts.vocabulary = "the tokenizer file";
  facts.bos_text = text(own.bos());
  facts.eos_text = text(own.eos());
  facts.pre_tokenizer = own.pre_tokenizer();
  facts.pre_tokenizer_named = true;
  facts.control_texts.clear();
  facts.user_defined_texts.clear();
  for (int32_t id = 0; id < own.size(); ++id) {
    const TokenKind kind = own.kind(id);
    if (kind == TokenKind::control) facts.control_texts.push_back(text(id));
    if (kind == TokenKind::user_defined) facts.user_defined_texts.push_back(text(id));
  }
  return {};
}

}  // namespace crossval
