#include "tokenizer/pretokenizer_search/search.h"

#include <algorithm>
#include <map>

#include "tokenizer/pretokenizer_search/trial.h"

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

}  // namespace

std::optional<std::vector<std::string>> find_pretokenizers(const GgufFile& file,
                                                           const PreTokenizerSearch& search) {
  if (search.text.size() > kLongestTried) return std::nullopt;
  const auto trial = PreTokenizerTrial::create(file, search.text, search.parse_special);
  if (!trial) return std::nullopt;
  const PreTokenizerEntry* own = find_pretokenizer(trial->vocabulary().pre_tokenizer);
  if (!is_framed(search.own, trial->ids(*own))) return std::nullopt;
  std::vector<std::string> names;
  std::map<PreTokenizerRule, bool> tried;
  for (const PreTokenizerEntry& entry : pretokenizer_table()) {
    if (!trial->fits(entry)) continue;
    const auto [at, fresh] = tried.try_emplace(rule_of(entry), false);
    if (fresh) at->second = is_framed(search.other, trial->ids(entry));
    if (at->second) names.emplace_back(entry.name);
  }
  return names;
}

}  // namespace crossval
