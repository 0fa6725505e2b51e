#include "tokenizer/gguf/read_vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "tokenizer/gguf/pretokenizer_table.h"

namespace crossval {
namespace {

constexpr std::string_view kPrefix = "tokenizer.ggml.";

std::string key(std::string_view name) { return std::string(kPrefix) + std::string(name); }

tl::unexpected<Error> bad(const GgufFile& file, std::string what, std::string_view name,
                          std::string hint = {}) {
  return fail(ExitCode::bad_input_file, std::move(what),
              fmt::format("{}, key {}", file.path(), key(name)), std::move(hint));
}

Result<void> set_flag(const GgufFile& file, std::string_view name, bool* flag) {
  const auto value = file.bool_or(key(name), *flag);
  if (!value) return tl::unexpected(value.error());
  *flag = *value;
  return {};
}

struct Family {
  std::string_view model;
  VocabularyFamily family;
};
constexpr std::array kFamilies = {
    Family{"gpt2", VocabularyFamily::bpe},
    Family{"gemma4", VocabularyFamily::bpe},
    Family{"hybriddna", VocabularyFamily::bpe},
    Family{"whitespace", VocabularyFamily::bpe},
    Family{"llama", VocabularyFamily::sentencepiece_bpe},
    Family{"bert", VocabularyFamily::wordpiece},
    Family{"t5", VocabularyFamily::unigram},
    Family{"rwkv", VocabularyFamily::rwkv},
    Family{"plamo2", VocabularyFamily::plamo2},
};

Result<void> set_family(const GgufFile& file, Vocabulary* v) {
  const auto model = file.get_string(key("model"));
  if (!model) return tl::unexpected(model.error());
  const auto* const at = std::ranges::find(kFamilies, *model, &Family::model);
  if (at == kFamilies.end()) {
    return bad(
        file, fmt::format("tokenizer model '{}' is not supported", *model), "model",
        "Supported: gpt2, gemma4, hybriddna, whitespace, llama, bert, t5, rwkv, plamo2; with "
        "--tokens no vocabulary is needed.");
  }
  v->model = *model;
  v->family = at->family;
  return {};
}

// Default ids and flags of a family, before the file's own keys.
void set_family_defaults(Vocabulary* v) {
  switch (v->family) {
    case VocabularyFamily::bpe:
      if (v->model != "gemma4") v->bos = v->eos = 11;
      break;
    case VocabularyFamily::sentencepiece_bpe:
      v->bos = 1;
      v->eos = 2;
      v->unknown = 0;
      v->add_space_prefix = v->add_bos = true;
      break;
    case VocabularyFamily::wordpiece:
      v->bos = 101;
      v->unknown = 100;
      v->separator = 102;
      v->padding = 0;
      v->clean_spaces = v->add_bos = true;
      break;
    case VocabularyFamily::unigram:
      v->eos = 1;
      v->unknown = 2;
      v->padding = 0;
      v->add_eos = true;
      break;
    case VocabularyFamily::rwkv:
      break;
    case VocabularyFamily::plamo2:
      v->bos = 1;
      v->eos = 2;
      v->unknown = 0;
      v->padding = 3;
      break;
  }
}

Result<void> set_pretokenizer(const GgufFile& file, Vocabulary* v) {
  if (v->family != VocabularyFamily::bpe) return {};
  auto name = pre_tokenizer_name(file);
  if (!name) return tl::unexpected(name.error());
  v->pre_tokenizer = *std::move(name);
  const PreTokenizerEntry* entry = find_pretokenizer(v->pre_tokenizer);
  if (entry == nullptr) {
    return bad(file, fmt::format("pre-tokenizer '{}' is not known", v->pre_tokenizer), "pre",
               "Known are those of the pinned llama.cpp: docs/tokenizers.md.");
  }
  v->byte_level = entry->byte_level;
  v->ignore_merges = entry->ignore_merges;
  v->add_bos = entry->add_bos;
  v->clean_spaces = entry->clean_spaces;
  v->escape_whitespaces = entry->escape_whitespaces;
  v->newline_runs_whole = entry->newline_runs_whole;
  if (entry->no_default_bos) v->bos = kNoToken;
  if (v->pre_tokenizer == "whitespace") v->lowercase = false;
  return {};
}

// An optional array of one number a token; nullptr when the file has none.
Result<const GgufArray*> numbers_per_token(const GgufFile& file, std::string_view name,
                                           size_t tokens) {
  if (file.find_key(key(name)) == nullptr) return nullptr;
  const auto array = file.get_array(key(name));
  if (!array) return tl::unexpected(array.error());
  const bool is_number = (*array)->element == GgufType::i32 ||
                         ((*array)->element == GgufType::f32 && name == "scores");
  if (!is_number) return bad(file, "the elements have the wrong type", name);
  if ((*array)->count < tokens) {
    return bad(file, fmt::format("{} elements for {} tokens", (*array)->count, tokens), name);
  }
  return *array;
}

Result<void> read_tokens(const GgufFile& file, Vocabulary* v) {
  const auto list = file.get_array(key("tokens"));
  if (!list) return tl::unexpected(list.error());
  if ((*list)->element != GgufType::string) return bad(file, "not a list of strings", "tokens");
  const std::vector<std::string_view>& texts = (*list)->strings;
  if (texts.empty()) return bad(file, "the vocabulary is empty", "tokens");
  const auto scores = numbers_per_token(file, "scores", texts.size());
  if (!scores) return tl::unexpected(scores.error());
  const auto types = numbers_per_token(file, "token_type", texts.size());
  if (!types) return tl::unexpected(types.error());

  v->tokens.resize(texts.size());
  v->ids.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    VocabularyToken& token = v->tokens[i];
    token.text = texts[i].empty() ? fmt::format("[EMPTY_{}]", i) : std::string(texts[i]);
    if (*scores != nullptr) token.score = static_cast<float>((*scores)->number(i));
    if (*types != nullptr) {
      token.attributes = attribute_of_kind((*types)->integer(i)).value_or(0);
    }
    const auto [at, fresh] = v->ids.emplace(token.text, static_cast<int32_t>(i));
    if (!fresh) {
      return bad(file, fmt::format("tokens {} and {} have the same text", at->second, i), "tokens");
    }
  }
  return {};
}

// DNA pieces are looked up with a marker that keeps them apart from words of the same letters, and
// decode without it.
void strip_dna_markers(Vocabulary* v) {
  const int32_t first = v->find("<oov>");
  if (v->model != "hybriddna" || first == kNoToken) return;
  v->spare_texts.reserve(v->tokens.size());
  for (size_t i = static_cast<size_t>(first) + 1; i < v->tokens.size(); ++i) {
    std::string& text = v->tokens[i].text;
    if (text.size() <= kDnaMarker.size() || !text.ends_with(kDnaMarker)) continue;
    v->ids.erase(text);
    v->ids.emplace(v->spare_texts.emplace_back(text), static_cast<int32_t>(i));
    text.resize(text.size() - kDnaMarker.size());
  }
}

// A default id outside the vocabulary is none; a named id outside it is ignored.
Result<void> set_id(const GgufFile& file, std::string_view name, const Vocabulary& v, int32_t* id) {
  if (*id >= v.size()) *id = kNoToken;
  const auto named = file.int_or(key(name), kNoToken);
  if (!named) return tl::unexpected(named.error());
  if (*named >= 0 && *named < v.size()) *id = static_cast<int32_t>(*named);
  return {};
}

Result<FillInMiddle> read_special_ids(const GgufFile& file, Vocabulary* v) {
  FillInMiddle fim;
  struct Entry {
    std::string_view name;
    int32_t* id;
  };
  const Entry entries[] = {
      {"bos_token_id", &v->bos},
      {"eos_token_id", &v->eos},
      {"eot_token_id", &v->eot},
      {"eom_token_id", &v->eom},
      {"unknown_token_id", &v->unknown},
      {"seperator_token_id", &v->separator},  // the format's own spelling
      {"padding_token_id", &v->padding},
      {"fim_pre_token_id", &fim.prefix},
      {"fim_suf_token_id", &fim.suffix},
      {"fim_mid_token_id", &fim.middle},
      {"fim_pad_token_id", &fim.padding},
      {"fim_rep_token_id", &fim.repository},
      {"fim_sep_token_id", &fim.separator},
      {"prefix_token_id", &fim.prefix},  // older names
      {"suffix_token_id", &fim.suffix},
      {"middle_token_id", &fim.middle},
  };
  for (const Entry& entry : entries) {
    if (auto set = set_id(file, entry.name, *v, entry.id); !set) return tl::unexpected(set.error());
  }
  return fim;
}

Result<void> read_flags(const GgufFile& file, Vocabulary* v) {
  struct Entry {
    std::string_view name;
    bool* flag;
  };
  const Entry entries[] = {
      {"add_space_prefix", &v->add_space_prefix},
      {"remove_extra_whitespaces", &v->remove_extra_whitespaces},
      {"add_bos_token", &v->add_bos},
      {"add_eos_token", &v->add_eos},
      {"normalizer.lowercase", &v->lowercase},
  };
  for (const Entry& entry : entries) {
    if (auto set = set_flag(file, entry.name, entry.flag); !set) return set;
  }
  v->strip_accents = v->lowercase;
  if (auto set = set_flag(file, "normalizer.strip_accents", &v->strip_accents); !set) return set;
  const PreTokenizerEntry* entry = find_pretokenizer(v->pre_tokenizer);
  if (entry != nullptr && entry->force_bos) v->add_bos = true;
  return {};
}

void set_strip(Vocabulary* v, std::string_view text, uint16_t attribute, bool on) {
  const int32_t id = v->find(text);
  if (id == kNoToken) return;
  uint16_t& attributes = v->tokens[static_cast<size_t>(id)].attributes;
  attributes = static_cast<uint16_t>(on ? attributes | attribute : attributes & ~attribute);
}

// Which tokens take the white space beside them: files do not say, upstream goes by the names.
Result<void> set_strip_attributes(const GgufFile& file, Vocabulary* v) {
  const auto name = file.string_or("general.name", "");
  const auto architecture = file.string_or("general.architecture", "");
  const auto pre = file.string_or(key("pre"), "");
  if (!name) return tl::unexpected(name.error());
  if (!architecture) return tl::unexpected(architecture.error());
  if (!pre) return tl::unexpected(pre.error());
  std::string lower_name(*name);
  for (char& c : lower_name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto contains = [](std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::ranges::any_of(
        parts, [text](std::string_view part) { return text.find(part) != std::string_view::npos; });
  };

  if (contains(*pre, {"jina-v2-de", "jina-v2-es", "jina-v2-code"}) ||
      contains(*architecture, {"nomic-bert-moe", "jina-bert-v3"})) {
    set_strip(v, "<mask>", kTokenStripLeft, true);
  } else if (contains(lower_name, {"phi-3", "phi3"})) {
    for (VocabularyToken& token : v->tokens) {
      if ((token.attributes & (kTokenControl | kTokenUserDefined | kTokenUnknown)) != 0) {
        token.attributes |= kTokenStripRight;
      }
    }
    set_strip(v, "</s>", kTokenStripRight, true);
    for (const std::string_view text : {"<unk>", "<s>", "<|endoftext|>"}) {
      set_strip(v, text, kTokenStripRight, false);
    }
  } else if (contains(lower_name, {"modern-bert"})) {
    set_strip(v, "[MASK]", kTokenStripLeft, true);
  }
  return {};
}

}  // namespace

Result<std::string> pre_tokenizer_name(const GgufFile& file) {
  const auto model = file.string_or(key("model"), "");
  if (!model) return tl::unexpected(model.error());
  const auto* const at = std::ranges::find(kFamilies, *model, &Family::model);
  if (at == kFamilies.end() || at->family != VocabularyFamily::bpe) return std::string();
  if (*model == "gemma4") return std::string(*model);
  const auto named = file.string_or(key("pre"), "");
  if (!named) return tl::unexpected(named.error());
  return named->empty() ? std::string("default") : std::string(*named);
}

Result<Vocabulary> read_vocabulary(const GgufFile& file) {
  Vocabulary v;
  if (auto set = set_family(file, &v); !set) return tl::unexpected(set.error());
  set_family_defaults(&v);
  if (auto set = set_pretokenizer(file, &v); !set) return tl::unexpected(set.error());
  if (auto read = read_tokens(file, &v); !read) return tl::unexpected(read.error());
  const auto named = read_special_ids(file, &v);
  if (!named) return tl::unexpected(named.error());
  if (auto read = read_flags(file, &v); !read) return tl::unexpected(read.error());
  find_tokens_by_text(*named, &v);
  strip_dna_markers(&v);
  if (auto set = set_strip_attributes(file, &v); !set) return tl::unexpected(set.error());
  return v;
}

}  // namespace crossval
