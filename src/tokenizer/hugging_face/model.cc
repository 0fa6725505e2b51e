#include "tokenizer/hugging_face/model.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tokenizer/hugging_face/bpe.h"
#include "tokenizer/spelling/byte_trie.h"
#include "tokenizer/spelling/unigram.h"
#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

using nlohmann::json;

constexpr double kUnknownPenalty = 10;  // below the worst token

Result<std::string> type_of(const json& model, const HfPlace& place) {
  // Files of the first versions do not say.
  if (hf_find(model, "type") != nullptr) return hf_string(model, "type", place);
  if (hf_find(model, "merges") != nullptr) return "BPE";
  if (hf_find(model, "max_input_chars_per_word") != nullptr) return "WordPiece";
  return "Unigram";
}

struct Entry {
  std::string text;
  int64_t id;
  double score;
};

// Of BPE and WordPiece {"text": id}, of Unigram [["text", score]].
Result<std::vector<Entry>> entries_of(const json& model, bool scored, const HfPlace& place) {
  const json* vocab = hf_find(model, "vocab");
  const HfPlace here = place.at("vocab");
  std::vector<Entry> entries;
  if (vocab == nullptr || (scored ? !vocab->is_array() : !vocab->is_object())) {
    return hf_error(here, "no vocabulary");
  }
  if (scored) {
    for (const json& pair : *vocab) {
      const bool fits =
          pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_number();
      const auto id = static_cast<int64_t>(entries.size());
      if (!fits) return hf_error(here.at(entries.size()), "no token and its score");
      entries.push_back({pair[0].get<std::string>(), id, pair[1].get<double>()});
    }
    return entries;
  }
  for (const auto& [text, id] : vocab->items()) {
    if (!id.is_number_integer()) return hf_error(here.at(text), "no whole number");
    entries.push_back({text, id.get<int64_t>(), 0});
  }
  return entries;
}

class UnigramModel : public HfModel {
 public:
  UnigramModel(const Vocabulary& vocabulary, std::vector<double> scores, bool byte_fallback)
      : vocabulary_(vocabulary),
        byte_fallback_(byte_fallback),
        unigram_(rules(vocabulary, scores)) {}

  Result<void> append(std::string_view word, std::vector<int32_t>* ids) const override {
    std::vector<Unigram::Piece> pieces = unigram_.cut(word);
    for (size_t i = 0; i < pieces.size(); ++i) {
      Unigram::Piece piece = pieces[i];
      if (piece.id >= 0 && piece.id != vocabulary_.unknown) {
        ids->push_back(piece.id);
        continue;
      }
      // Unknown characters in a row are one.
      while (i + 1 < pieces.size() &&
             (pieces[i + 1].id < 0 || pieces[i + 1].id == vocabulary_.unknown)) {
        piece.size += pieces[++i].size;
      }
      const std::string_view text = word.substr(piece.begin, piece.size);
      if (const int32_t id = hf_model_token(vocabulary_, text); id != kNoToken) {
        ids->push_back(id);
      } else if (!byte_fallback_ || !append_byte_tokens(vocabulary_, text, ids)) {
        if (vocabulary_.unknown == kNoToken) return no_unknown_token();
        ids->push_back(vocabulary_.unknown);
      }
    }
    return {};
  }

 private:
  static UnigramRules rules(const Vocabulary& v, const std::vector<double>& scores) {
    UnigramRules out;
    double worst = std::numeric_limits<double>::max();
    for (size_t i = 0; i < scores.size(); ++i) {
      out.tokens.push_back({v.tokens[i].text, static_cast<int32_t>(i), scores[i]});
      worst = std::min(worst, scores[i]);
    }
    out.unknown_score = worst - kUnknownPenalty;
    return out;
  }

  const Vocabulary& vocabulary_;
  bool byte_fallback_;
  Unigram unigram_;
};

class WordPieceModel : public HfModel {
 public:
  WordPieceModel(const Vocabulary& vocabulary, std::string_view prefix, int64_t longest)
      : vocabulary_(vocabulary), longest_(longest) {
    std::vector<std::pair<std::string_view, int32_t>> all;
    std::vector<std::pair<std::string_view, int32_t>> continuing;
    for (const auto& [text, id] : vocabulary.ids) {
      if (vocabulary.has(id, kTokenAdded)) continue;
      all.emplace_back(text, id);
      if (text.starts_with(prefix)) continuing.emplace_back(text.substr(prefix.size()), id);
    }
    first_ = ByteTrie(std::move(all));
    later_ = ByteTrie(std::move(continuing));
  }

  Result<void> append(std::string_view word, std::vector<int32_t>* ids) const override {
    const size_t before = ids->size();
    int64_t characters = 0;
    for (const char c : word) characters += (c & 0xC0) == 0x80 ? 0 : 1;
    bool spelled = characters <= longest_;
    for (std::string_view rest = word; spelled && !rest.empty();) {
      const ByteTrie::Match match = (ids->size() == before ? first_ : later_).longest(rest);
      spelled = match.size > 0;
      if (!spelled) break;
      ids->push_back(match.value);
      rest.remove_prefix(match.size);
    }
    if (spelled) return {};
    ids->resize(before);
    if (vocabulary_.unknown == kNoToken) return no_unknown_token();
    ids->push_back(vocabulary_.unknown);
    return {};
  }

 private:
  const Vocabulary& vocabulary_;
  int64_t longest_;  // characters of a word
  ByteTrie first_;
  ByteTrie later_;
};

Result<std::unique_ptr<HfModel>> make_unigram(const json& model, const HfPlace& place,
                                              bool byte_fallback, const Vocabulary& vocabulary) {
  const auto entries = entries_of(model, true, place);
  if (!entries) return tl::unexpected(entries.error());
  std::vector<double> scores;
  for (const Entry& entry : *entries) scores.push_back(entry.score);
  return std::make_unique<UnigramModel>(vocabulary, std::move(scores), byte_fallback);
}

}  // namespace

Result<HfModelFile> read_hf_vocabulary(const json& model, const HfPlace& place, size_t at_least,
                                       Vocabulary* v) {
  const auto type = type_of(model, place);
  if (!type) return tl::unexpected(type.error());
  HfModelFile file{*type, false, {}};
  const bool scored = *type == "Unigram";
  if (*type != "BPE" && *type != "WordPiece" && !scored) {
    return hf_unsupported(place, "model", *type);
  }
  const auto fallback = hf_bool_or(model, "byte_fallback", false, place);
  if (!fallback) return tl::unexpected(fallback.error());
  file.byte_fallback = *fallback;
  const auto entries = entries_of(model, scored, place);
  if (!entries) return tl::unexpected(entries.error());
  if (entries->empty()) return hf_error(place.at("vocab"), "the vocabulary is empty");
  int64_t size = static_cast<int64_t>(at_least);
  for (const Entry& entry : *entries) {
    if (entry.id < 0 || entry.id >= kMostHfTokens) {
      return hf_error(place.at("vocab"), fmt::format("token id {} is out of range", entry.id));
    }
    size = std::max(size, entry.id + 1);
  }
  v->tokens.resize(static_cast<size_t>(size), {.text = {}, .score = 0, .attributes = 0});
  v->ids.reserve(v->tokens.size());
  for (const Entry& entry : *entries) {
    VocabularyToken& token = v->tokens[static_cast<size_t>(entry.id)];
    if (token.attributes != 0) {
      return hf_error(place.at("vocab"), fmt::format("token id {} is given twice", entry.id));
    }
    token = {entry.text, static_cast<float>(entry.score), kTokenNormal};
    v->ids.emplace(token.text, static_cast<int32_t>(entry.id));
  }
  v->family = scored           ? VocabularyFamily::unigram
              : *type == "BPE" ? VocabularyFamily::bpe
                               : VocabularyFamily::wordpiece;
  if (scored) {
    if (hf_find(model, "unk_id") != nullptr) {
      const auto unknown = hf_int(model, "unk_id", place);
      if (!unknown) return tl::unexpected(unknown.error());
      if (*unknown < 0 || *unknown >= size) return hf_error(place.at("unk_id"), "out of range");
      v->unknown = static_cast<int32_t>(*unknown);
    }
    return file;
  }
  const auto unknown = hf_string_or(model, "unk_token", "", place);
  const auto prefix = hf_string_or(model, "continuing_subword_prefix", "", place);
  if (!unknown) return tl::unexpected(unknown.error());
  if (!prefix) return tl::unexpected(prefix.error());
  if (!unknown->empty()) v->unknown = v->find(*unknown);
  file.subword_prefix = *prefix;
  return file;
}

Result<std::unique_ptr<HfModel>> make_hf_model(const json& model, const HfPlace& place,
                                               const HfModelFile& file,
                                               const Vocabulary& vocabulary) {
  if (file.type == "Unigram") return make_unigram(model, place, file.byte_fallback, vocabulary);
  if (file.type == "BPE") return make_hf_bpe(model, place, file.byte_fallback, vocabulary);
  int64_t longest = 100;
  if (hf_find(model, "max_input_chars_per_word") != nullptr) {
    const auto given = hf_int(model, "max_input_chars_per_word", place);
    if (!given) return tl::unexpected(given.error());
    longest = *given;
  }
  return std::make_unique<WordPieceModel>(vocabulary, file.subword_prefix, longest);
}

}  // namespace crossval
