#include "tokenizer/hugging_face/bpe.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tokenizer/spelling/merge_table.h"
#include "tokenizer/spelling/merger.h"
#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

using nlohmann::json;

struct BpeSettings {
  bool byte_fallback = false;
  bool fuse_unknown = false;
  bool ignore_merges = false;
};

class BpeModel : public HfModel {
 public:
  BpeModel(const Vocabulary& vocabulary, BpeSettings settings, MergeTable merges)
      : vocabulary_(vocabulary), settings_(settings), merges_(std::move(merges)) {}

  Result<void> append(std::string_view word, std::vector<int32_t>* ids) const override {
    if (settings_.ignore_merges) {
      if (const int32_t id = hf_model_token(vocabulary_, word); id != kNoToken) {
        ids->push_back(id);
        return {};
      }
    }
    std::vector<MergeSymbol> symbols = characters(word);
    Merger<int32_t, true> merger;
    merger.merge(
        &symbols,
        [this](const MergeSymbol& left,
               const MergeSymbol& right) -> std::optional<Merger<int32_t, true>::Candidate> {
          const Merge* merge = merges_.find(left.piece, right.piece);
          if (merge == nullptr) return std::nullopt;
          return Merger<int32_t, true>::Candidate{merge->rank, merge->result};
        });
    for (const MergeSymbol& symbol : symbols) ids->push_back(symbol.piece);
    return {};
  }

 private:
  // A character that is no token becomes its bytes, or unknown, or (no unknown token) nothing.
  std::vector<MergeSymbol> characters(std::string_view word) const {
    std::vector<MergeSymbol> symbols;
    std::vector<int32_t> bytes;
    MergeSymbol unknown;  // size 0: none is waiting
    const auto flush = [&symbols, &unknown] {
      if (unknown.size > 0) symbols.push_back(unknown);
      unknown.size = 0;
    };
    for (uint32_t at = 0; at < word.size();) {
      const auto size = static_cast<uint32_t>(claimed_length(word[at]));
      const std::string_view character = word.substr(at, size);
      const int32_t id = hf_model_token(vocabulary_, character);
      bytes.clear();
      if (id != kNoToken) {
        flush();
        symbols.push_back({id, at, size});
      } else if (settings_.byte_fallback && append_byte_tokens(vocabulary_, character, &bytes)) {
        for (uint32_t i = 0; i < bytes.size(); ++i) symbols.push_back({bytes[i], at + i, 1});
      } else if (vocabulary_.unknown != kNoToken) {
        if (!settings_.fuse_unknown) flush();
        if (unknown.size == 0) unknown = {vocabulary_.unknown, at, 0};
        unknown.size += size;
      }
      at += size;
    }
    flush();
    return symbols;
  }

  const Vocabulary& vocabulary_;
  BpeSettings settings_;
  MergeTable merges_;  // over token ids
};

// "left right", or ["left", "right"].
std::optional<std::pair<std::string, std::string>> parts_of(const json& merge) {
  if (merge.is_string()) {
    const auto& text = merge.get_ref<const std::string&>();
    const size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
      return std::nullopt;
    }
    return std::pair(text.substr(0, space), text.substr(space + 1));
  }
  if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string()) {
    return std::nullopt;
  }
  return std::pair(merge[0].get<std::string>(), merge[1].get<std::string>());
}

Result<MergeTable> merges_of(const json& list, const HfPlace& place, const Vocabulary& v) {
  MergeTable table;
  // Of equal merges the last one counts there, the first one in the table: so from the end.
  for (size_t i = list.size(); i-- > 0;) {
    const auto parts = parts_of(list[i]);
    if (!parts) return hf_error(place.at(i), "no merge of two tokens");
    const int32_t left = v.find(parts->first);
    const int32_t right = v.find(parts->second);
    const int32_t both = v.find(parts->first + parts->second);
    if (left == kNoToken || right == kNoToken || both == kNoToken) {
      return hf_error(place.at(i), fmt::format("the merge of '{}' and '{}' has no token",
                                               parts->first, parts->second));
    }
    table.add(left, right, static_cast<int32_t>(i), both);
  }
  table.finish();
  return table;
}

}  // namespace

int32_t hf_model_token(const Vocabulary& vocabulary, std::string_view text) {
  const int32_t id = vocabulary.find(text);
  return id != kNoToken && !vocabulary.has(id, kTokenAdded) ? id : kNoToken;
}

bool append_byte_tokens(const Vocabulary& vocabulary, std::string_view text,
                        std::vector<int32_t>* ids) {
  const size_t before = ids->size();
  for (const char c : text) {
    const int32_t id = hf_model_token(vocabulary, byte_token_text(static_cast<uint8_t>(c)));
    if (id == kNoToken) {
      ids->resize(before);
      return false;
    }
    ids->push_back(id);
  }
  return true;
}

Result<std::unique_ptr<HfModel>> make_hf_bpe(const json& model, const HfPlace& place,
                                             bool byte_fallback, const Vocabulary& vocabulary) {
  for (const std::string_view name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const auto text = hf_string_or(model, name, "", place);
    if (!text) return tl::unexpected(text.error());
    if (!text->empty()) return hf_unsupported(place.at(name), "BPE setting", name);
  }
  const json* dropout = hf_find(model, "dropout");
  if (dropout != nullptr && *dropout != 0) {
    return hf_unsupported(place.at("dropout"), "BPE setting", "dropout");
  }
  BpeSettings settings;
  settings.byte_fallback = byte_fallback;
  const auto fuse = hf_bool_or(model, "fuse_unk", false, place);
  const auto ignore = hf_bool_or(model, "ignore_merges", false, place);
  if (!fuse) return tl::unexpected(fuse.error());
  if (!ignore) return tl::unexpected(ignore.error());
  settings.fuse_unknown = *fuse;
  settings.ignore_merges = *ignore;
  const auto list = hf_array(model, "merges", place);
  if (!list) return tl::unexpected(list.error());
  auto merges = merges_of(**list, place.at("merges"), vocabulary);
  if (!merges) return tl::unexpected(merges.error());
  return std::make_unique<BpeModel>(vocabulary, settings, std::move(*merges));
}

}  // namespace crossval
