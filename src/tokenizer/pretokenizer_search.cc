#include "tokenizer/pretokenizer_search.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "tokenizer/bpe.h"
#include "tokenizer/pretokenizer_table.h"
#include "tokenizer/special_splitter.h"
#include "tokenizer/vocabulary.h"

namespace crossval {
namespace {

constexpr size_t kLongestTried = size_t{1} << 20;  // bytes: some fifty rules are tried

using Ids = std::span<const int32_t>;

// Whether `ids` are `made`, perhaps with one more in front and one more behind.
bool is_framed(Ids ids, Ids made) {
  if (ids.size() < made.size() || ids.size() > made.size() + 2) return false;
  const auto stands_at = [&](size_t at) {
    return at + made.size() <= ids.size() && ids.size() - at - made.size() <= 1 &&
           std::ranges::equal(ids.subspan(at, made.size()), made);
  };
  return stands_at(0) || stands_at(1);
}

// What of an entry changes ids.
auto rule_of(const PreTokenizerEntry& entry) {
  return std::tuple(entry.expressions, entry.ignore_merges, entry.escape_whitespaces,
                    entry.newline_runs_whole);
}

// One vocabulary under every rule.
class Trial {
 public:
  Trial(Vocabulary& vocabulary, BpeSegmenter& segmenter, const PreTokenizerSearch& search)
      : vocabulary_(vocabulary),
        segmenter_(segmenter),
        fragments_(SpecialSplitter(vocabulary, kTokenControl | kTokenUserDefined | kTokenUnknown)
                       .split(search.text, search.parse_special)) {}

  /// The ids under `entry`, without what goes around a text; none when it cannot make them.
  std::vector<int32_t> ids(const PreTokenizerEntry& entry) {
    auto cutter = PreTokenizer::create(entry);
    if (!cutter) return {};
    segmenter_.use(*std::move(cutter));
    vocabulary_.ignore_merges = entry.ignore_merges;  // the segmenter looks at them
    vocabulary_.escape_whitespaces = entry.escape_whitespaces;
    vocabulary_.newline_runs_whole = entry.newline_runs_whole;
    std::vector<int32_t> made;
    for (const TextFragment& fragment : fragments_) {
      if (fragment.id != kNoToken) {
        made.push_back(fragment.id);
      } else if (!segmenter_.append(fragment.text, false, &made)) {
        return {};
      }
    }
    return made;
  }

 private:
  Vocabulary& vocabulary_;
  BpeSegmenter& segmenter_;
  std::vector<TextFragment> fragments_;
};

}  // namespace

std::optional<std::vector<std::string>> find_pretokenizers(const GgufFile& file,
                                                           const PreTokenizerSearch& search) {
  if (search.text.size() > kLongestTried) return std::nullopt;
  auto vocabulary = read_vocabulary(file);
  if (!vocabulary || vocabulary->family != VocabularyFamily::bpe) return std::nullopt;
  if (vocabulary->model != "gpt2" && vocabulary->model != "gemma4") return std::nullopt;
  const auto segmenter = make_plain_bpe(file, *vocabulary);
  if (!segmenter) return std::nullopt;
  const bool byte_level = vocabulary->byte_level;  // decides how merges are read
  Trial trial(*vocabulary, **segmenter, search);
  if (!is_framed(search.own, trial.ids(*find_pretokenizer(vocabulary->pre_tokenizer)))) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  std::map<decltype(rule_of(PreTokenizerEntry{})), bool> tried;
  for (const PreTokenizerEntry& entry : pretokenizer_table()) {
    if (entry.byte_level != byte_level) continue;
    const auto [at, fresh] = tried.try_emplace(rule_of(entry), false);
    if (fresh) at->second = is_framed(search.other, trial.ids(entry));
    if (at->second) names.emplace_back(entry.name);
  }
  return names;
}

}  // namespace crossval
