#include "checkpoint/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/read_file.h"
#include "gguf/assembled_file.h"
#include "tokenizer/pretokenizer_search/known_vocabularies.h"
#include "tokenizer/pretokenizer_search/search.h"
#include "tokenizer/pretokenizer_search/word_cuts.h"
#include "tokenizer/sentencepiece/model.h"
#include "tokenizer/tokenizer.h"

namespace crossval {
namespace {

using nlohmann::json;

constexpr size_t kMostBytes = size_t{1} << 28;  // of a tokenizer file
constexpr int64_t kMostTokens = int64_t{1} << 24;
constexpr std::string_view kEscapedSpace = "\xE2\x96\x81";  // U+2581
constexpr float kAddedScore = -1000.0F;                     // what the converter gives added tokens

struct Token {
  std::string text;
  float score = 0;
  TokenKind kind = TokenKind::unused;
};

const json* member(const json* object, std::string_view name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto at = object->find(name);
  return at == object->end() || at->is_null() ? nullptr : &*at;
}

std::string text_of(const json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

/// Whether a part of a tokenizer, or one of those in it, is of this type.
bool has_type(const json* part, std::string_view type, std::string_view list) {
  if (text_of(member(part, "type")) == type) return true;
  const json* parts = member(part, list);
  return parts != nullptr && parts->is_array() &&
         std::ranges::any_of(*parts, [&](const json& p) { return has_type(&p, type, list); });
}

/// Tokens that are special whatever their file says, as the converter has it.
bool looks_special(std::string_view text) {
  constexpr std::string_view kKnown[] = {"<pad>", "<mask>", "<2mass>", "[@BOS@]"};
  constexpr std::pair<std::string_view, std::string_view> kAround[] = {
      {"<|", "|>"},
      {"<\xEF\xBD\x9C", "\xEF\xBD\x9C>"},  // U+FF5C
      {"<unused", ">"}};
  return std::ranges::find(kKnown, text) != std::end(kKnown) ||
         std::ranges::any_of(kAround, [&](const auto& around) {
           return text.starts_with(around.first) && text.ends_with(around.second);
         });
}

class VocabularyReader {
 public:
  VocabularyReader(const std::string& folder, const JsonFile& config, KeyList& keys)
      : folder_(folder), config_(config), keys_(keys) {}

  Result<void> read() {
    auto settings = JsonFile::read_if_there(path("tokenizer_config.json"), kMostBytes);
    if (!settings) return tl::unexpected(settings.error());
    settings_ = *std::move(settings);
    if (is_there(path("tokenizer.json"))) {
      auto file = JsonFile::read(path("tokenizer.json"), kMostBytes);
      if (!file) return tl::unexpected(file.error());
      tokenizer_ = *std::move(file);
    }
    tokens_.resize(
        static_cast<size_t>(std::min(config_.integer("vocab_size").value_or(0), kMostTokens)));
    for (size_t i = 0; i < tokens_.size(); ++i) tokens_[i].text = fmt::format("[PAD{}]", i);
    if (auto ok = read_tokens(); !ok) return ok;
    if (!model_.empty()) {
      add_tokens();
      add_special_ids();
      if (model_ == "gpt2") add_pre_tokenizer();
    }
    if (tokenizer_) keys_.add_text("checkpoint.tokenizer", path("tokenizer.json"));
    add_end_ids();
    return add_templates();
  }

 private:
  std::string path(std::string_view name) const { return fmt::format("{}/{}", folder_, name); }

  Result<void> read_tokens() {
    if (is_there(path("tokenizer.model"))) return read_sentencepiece();
    if (!tokenizer_) return {};
    const json* model = tokenizer_->find("model");
    if (text_of(member(model, "type")) != "BPE") return {};  // its own tokenizer reads it
    const bool bytes = has_type(tokenizer_->find("pre_tokenizer"), "ByteLevel", "pretokenizers") ||
                       has_type(tokenizer_->find("decoder"), "ByteLevel", "decoders");
    model_ = bytes ? "gpt2" : "llama";
    const json* vocabulary = member(model, "vocab");
    if (vocabulary == nullptr || !vocabulary->is_object()) return bad("model.vocab", "no object");
    for (const auto& [text, id] : vocabulary->items()) {
      if (auto ok = set(id, text, TokenKind::normal); !ok) return ok;
    }
    read_merges(member(model, "merges"));
    return read_added();
  }

  tl::unexpected<Error> bad(std::string_view where, std::string what) const {
    return fail(ExitCode::bad_input_file, std::move(what),
                fmt::format("{}, {}", path("tokenizer.json"), where));
  }

  Result<void> set(const json& id, const std::string& text, TokenKind kind, float score = 0) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= kMostTokens)
      return bad("ids", fmt::format("{} is no token id", id.dump()));
    const auto at = id.get<size_t>();
    if (at >= tokens_.size()) {
      // Rows that the model does not have: the converter leaves them out too.
      if (config_.integer("vocab_size")) return {};
      tokens_.resize(at + 1);
    }
    tokens_[at] = {text, score, kind};
    return {};
  }

  /// Of both forms: "a b", and ["a", "b"], in which a space is written as byte-level BPE has it.
  void read_merges(const json* merges) {
    if (merges == nullptr || !merges->is_array()) return;
    std::vector<std::string> list;
    list.reserve(merges->size());
    std::unordered_map<std::string, float> rank;
    for (const json& merge : *merges) {
      std::array<std::string, 2> pair;
      if (merge.is_array() && merge.size() == 2) {
        pair = {text_of(&merge[0]), text_of(&merge[1])};
      } else {
        const std::string text = text_of(&merge);
        const size_t space = text.find(' ', 1);
        if (space == std::string::npos) continue;
        pair = {text.substr(0, space), text.substr(space + 1)};
      }
      rank.emplace(pair[0] + pair[1], -1.0F - static_cast<float>(list.size()));
      list.push_back(with_spaces(pair[0]) + " " + with_spaces(pair[1]));
    }
    if (model_ == "gpt2") {
      keys_.add_texts("tokenizer.ggml.merges", std::move(list));
      return;
    }
    for (Token& token : tokens_) {  // the earlier a merge, the better its token
      if (const auto at = rank.find(token.text); at != rank.end()) token.score = at->second;
    }
  }

  static std::string with_spaces(std::string_view part) {
    std::string text;
    for (const char c : part) c == ' ' ? text += "\xC4\xA0" : text += c;  // U+0120
    return text;
  }

  Result<void> read_added() {
    const json* added = tokenizer_->find("added_tokens");
    if (added == nullptr || !added->is_array()) return {};
    for (const json& token : *added) {
      const json* id = member(&token, "id");
      const json* special = member(&token, "special");
      const std::string text = text_of(member(&token, "content"));
      if (id == nullptr) return bad("added_tokens", "a token without an id");
      const bool is_special = special != nullptr && *special == true;
      if (auto ok = add(*id, text, is_special); !ok) return ok;
    }
    return {};
  }

  Result<void> add(const json& id, std::string text, bool special) {
    if (id.is_number_unsigned()) added_.emplace(text, id.get<int64_t>());
    if (special || looks_special(text)) return set(id, text, TokenKind::control, kAddedScore);
    for (size_t at = 0; (at = text.find(kEscapedSpace, at)) != std::string::npos;)
      text.replace(at, kEscapedSpace.size(), " ");
    return set(id, text, TokenKind::user_defined, kAddedScore);
  }

  Result<void> read_sentencepiece() {
    const std::string file = path("tokenizer.model");
    const auto bytes = read_file(file, kMostBytes);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto model = parse_sentencepiece(*bytes, file);
    if (!model) return tl::unexpected(model.error());
    model_ = "llama";
    const Vocabulary& v = model->vocabulary;
    if (!config_.integer("vocab_size")) tokens_.resize(v.tokens.size());
    for (size_t i = 0; i < std::min(v.tokens.size(), tokens_.size()); ++i) {
      const TokenKind kind = kind_of(v, static_cast<int32_t>(i));
      // What the user defined is not told apart from others; added tokens say so themselves.
      tokens_[i] = {v.tokens[i].text, v.tokens[i].score,
                    kind == TokenKind::user_defined ? TokenKind::normal : kind};
    }
    const json* decoder = settings_->find("added_tokens_decoder");
    if (decoder != nullptr && decoder->is_object()) {
      for (const auto& [id, token] : decoder->items()) {
        const json number = json::parse(id, nullptr, false);
        const json* special = member(&token, "special");
        const bool is_special = special != nullptr && *special == true;
        if (auto ok = add(number, text_of(member(&token, "content")), is_special); !ok) return ok;
      }
    }
    return tokenizer_ ? read_added() : Result<void>();
  }

  void add_tokens() {
    std::vector<std::string> texts;
    std::vector<int32_t> kinds;
    std::vector<float> scores;
    texts.reserve(tokens_.size());
    kinds.reserve(tokens_.size());
    scores.reserve(tokens_.size());
    for (const Token& token : tokens_) {
      texts.push_back(token.text);
      kinds.push_back(static_cast<int32_t>(token.kind));
      scores.push_back(token.score);
    }
    keys_.add_text("tokenizer.ggml.model", model_);
    keys_.add_texts("tokenizer.ggml.tokens", std::move(texts));
    keys_.add_i32s("tokenizer.ggml.token_type", kinds);
    if (model_ == "llama") keys_.add_f32s("tokenizer.ggml.scores", scores);
  }

  std::optional<int64_t> id_of(const std::string& text) const {
    if (const auto at = added_.find(text); at != added_.end()) return at->second;
    const auto at = std::ranges::find(tokens_, text, &Token::text);
    if (text.empty() || at == tokens_.end()) return std::nullopt;
    return at - tokens_.begin();
  }

  void add_special_ids() {
    struct Special {
      const char* name;
      const char* key;
    };
    for (const Special& special : {Special{"bos", "bos"},
                                   {"eos", "eos"},
                                   {"unk", "unknown"},
                                   {"sep", "seperator"},
                                   {"pad", "padding"}}) {  // the format's own spelling
      const json* said = settings_->find(fmt::format("{}_token", special.name));
      const json* content = member(said, "content");
      auto id = id_of(text_of(content != nullptr ? content : said));
      const json* number = config_.find(fmt::format("{}_token_id", special.name));
      if (!id && number != nullptr && number->is_number_unsigned()) id = number->get<int64_t>();
      if (id && *id < std::ssize(tokens_)) {
        keys_.add_integer(fmt::format("tokenizer.ggml.{}_token_id", special.key),
                          static_cast<uint64_t>(*id));
      }
    }
    for (const char* name : {"bos", "eos"}) add_frame(name);
    const auto prefix = settings_->flag("add_prefix_space");
    if (prefix && model_ == "llama") keys_.add_flag("tokenizer.ggml.add_space_prefix", *prefix);
  }

  /// Whether the tokenizer puts a token before (bos) or behind (eos) a text.
  void add_frame(const std::string& name) {
    const std::string key = fmt::format("tokenizer.ggml.add_{}_token", name);
    const json* processor = tokenizer_ ? tokenizer_->find("post_processor") : nullptr;
    if (const json* single = template_of(processor)) {
      const json& edge = name == "bos" ? single->front() : single->back();
      const bool adds = single->size() > 1 && member(&edge, "SpecialToken") != nullptr;
      keys_.add_flag(key, adds);
      return;
    }
    if (has_type(processor, "ByteLevel", "processors")) {
      keys_.add_flag(key, false);
    } else if (const auto said = settings_->flag(fmt::format("add_{}_token", name))) {
      keys_.add_flag(key, *said);
    }
  }

  /// "single" of a TemplateProcessing; null where there is none.
  static const json* template_of(const json* processor) {
    if (text_of(member(processor, "type")) == "TemplateProcessing") {
      const json* single = member(processor, "single");
      return single != nullptr && single->is_array() && !single->empty() ? single : nullptr;
    }
    const json* parts = member(processor, "processors");
    if (parts == nullptr || !parts->is_array()) return nullptr;
    for (const json& part : *parts)
      if (const json* single = template_of(&part)) return single;
    return nullptr;
  }

  /// The name of the rule that cuts text into words: that under which the checkpoint's own
  /// tokenizer makes the ids of a text that tells rules apart.
  void add_pre_tokenizer() {
    constexpr std::string_view kBestKnown[] = {"gpt-2", "llama-bpe", "qwen2"};
    constexpr std::string_view kTelling =
        "Don't we'LL 'RE it's 1234567 3.14 12 \xE0\xA5\xA7\xE0\xA5\xA8 x=  [a_b](c);\n\n\tEND \r\n"
        "  \n na\xC3\xAFve \xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 "
        "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C, \xF0\x9F\xA6\x99!!! "
        "camelCaseWord HTTPServer f(x){}//\xC2\xA0z   ";
    CheckpointMemory memory;
    KeyList trial(memory);
    trial.add_text("tokenizer.ggml.pre", "default");
    std::vector<GgufKey> keys = trial.take();
    const std::vector<GgufKey>& own = keys_.keys();
    keys.insert(keys.end(), own.begin(), own.end());
    GgufContent content;
    content.path = folder_;
    content.keys = std::move(keys);
    const GgufFile file = assemble_gguf(std::move(content));
    const KnownPreTokenizers known = find_known_pre_tokenizers(file);
    std::string name = known.others.empty() ? "default" : known.others.front();
    const auto theirs = Tokenizer::from_file(path("tokenizer.json"));
    const auto ours = Tokenizer::from_gguf(file);
    if (known.others.empty() && !known.own && theirs && ours) {
      const auto wanted = (*theirs)->encode(kTelling, false, false);
      const auto made = (*ours)->encode(kTelling, false, false);
      const auto names =
          wanted && made
              ? find_pretokenizers(
                    file,
                    {.text = kTelling, .parse_special = false, .own = *made, .other = *wanted})
              : std::nullopt;
      // Of a small vocabulary the tokens are the same under many rules: the words decide, and of
      // names for one rule the best known.
      const auto others = names.value_or(std::vector<std::string>());
      std::vector<std::string> candidates;
      for (const std::string_view known_name : kBestKnown)
        if (std::ranges::find(others, known_name) != others.end())
          candidates.emplace_back(known_name);
      candidates.insert(candidates.end(), others.begin(), others.end());
      for (const std::string& candidate : candidates) {
        if (!cuts_alike(candidate, path("tokenizer.json"), kTelling).value_or(false)) continue;
        name = candidate;
        break;
      }
    }
    keys_.add_text("tokenizer.ggml.pre", name);
  }

  /// Tokens at which generation ends, as generation_config.json has them.
  void add_end_ids() {
    const auto generation = JsonFile::read_if_there(path("generation_config.json"), kMostBytes);
    const json* ids = generation ? generation->find("eos_token_id") : nullptr;
    if (ids == nullptr) ids = config_.find("eos_token_id");
    if (ids == nullptr) return;
    std::vector<int32_t> list;
    const auto add = [&](const json& id) {
      if (id.is_number_unsigned() && id.get<uint64_t>() < kMostTokens)
        list.push_back(id.get<int32_t>());
    };
    if (ids->is_array()) {
      for (const json& id : *ids) add(id);
    } else {
      add(*ids);
    }
    keys_.add_i32s("checkpoint.eos_token_ids", list);
  }

  Result<void> add_templates() {
    const std::string file = path("chat_template.jinja");
    if (is_there(file)) {
      auto text = read_file(file, kMostBytes);
      if (!text) return tl::unexpected(text.error());
      keys_.add_text("tokenizer.chat_template", *std::move(text));
      return {};
    }
    const json* said = settings_->find("chat_template");
    if (said == nullptr) return {};
    if (said->is_string()) {
      keys_.add_text("tokenizer.chat_template", said->get<std::string>());
    } else if (said->is_array()) {
      for (const json& one : *said) {
        const std::string name = text_of(member(&one, "name"));
        keys_.add_text("tokenizer.chat_template" + (name == "default" ? "" : "." + name),
                       text_of(member(&one, "template")));
      }
    }
    return {};
  }

  const std::string& folder_;
  const JsonFile& config_;
  KeyList& keys_;
  std::optional<JsonFile> settings_;   // tokenizer_config.json
  std::optional<JsonFile> tokenizer_;  // tokenizer.json
  std::string model_;                  // of tokenizer.ggml.model
  std::vector<Token> tokens_;
  std::unordered_map<std::string, int64_t> added_;
};

}  // namespace

Result<void> add_vocabulary(const std::string& folder, const JsonFile& config, KeyList& keys) {
  return VocabularyReader(folder, config, keys).read();
}

}  // namespace crossval
