#include "tokenizer/pretokenizer_search/known_vocabularies.h"

#include <map>
#include <set>
#include <span>
#include <string_view>

#include "base/sha256.h"
#include "tokenizer/pretokenizer_search/trial.h"

namespace crossval {
namespace {

struct KnownVocabulary {
  std::string_view ids_sha256;
  std::string_view pre_tokenizer;
};

#include "tokenizer/pretokenizer_search/known_vocabularies.inc"

/// As Python writes a list: "[1, 2]".
std::string listed(std::span<const int32_t> ids) {
  std::string text = "[";
  for (const int32_t id : ids) text += (text.size() == 1 ? "" : ", ") + std::to_string(id);
  return text + "]";
}

/// The names that the converter would give to these ids, whatever its tokenizer puts around them.
std::set<std::string_view> names_of(const Vocabulary& vocabulary, const std::vector<int32_t>& ids) {
  std::set<std::string_view> names;
  for (const int32_t before : {kNoToken, vocabulary.bos}) {
    for (const int32_t behind : {kNoToken, vocabulary.eos}) {
      std::vector<int32_t> framed;
      if (before != kNoToken) framed.push_back(before);
      framed.insert(framed.end(), ids.begin(), ids.end());
      if (behind != kNoToken) framed.push_back(behind);
      const std::string text = listed(framed);
      Sha256 hash;
      hash.add(std::as_bytes(std::span(text)));
      const std::string digest = hash.digest();
      for (const KnownVocabulary& known : kKnownVocabularies)
        if (known.ids_sha256 == digest) names.insert(known.pre_tokenizer);
    }
  }
  return names;
}

}  // namespace

KnownPreTokenizers find_known_pre_tokenizers(const GgufFile& file) {
  KnownPreTokenizers found;
  const auto trial = PreTokenizerTrial::create(file, kCheckText, false);
  if (!trial) return found;
  const auto names_under = [&](const PreTokenizerEntry& entry) {
    const auto ids = trial->ids(entry);
    return ids.empty() ? std::set<std::string_view>() : names_of(trial->vocabulary(), ids);
  };
  const PreTokenizerEntry* own = find_pretokenizer(trial->vocabulary().pre_tokenizer);
  if (own != nullptr && !names_under(*own).empty()) {
    found.own = true;
    return found;
  }
  std::map<PreTokenizerRule, std::set<std::string_view>> tried;
  for (const PreTokenizerEntry& entry : pretokenizer_table()) {
    if (!trial->fits(entry)) continue;
    const auto [at, fresh] = tried.try_emplace(rule_of(entry));
    if (fresh) at->second = names_under(entry);
    if (at->second.contains(entry.name)) found.others.emplace_back(entry.name);
  }
  return found;
}

}  // namespace crossval
