#include "prompt/special_text.h"

#include <algorithm>
#include <set>

namespace crossval {
namespace {

constexpr size_t kMaxMarkerBytes = 64;
constexpr std::string_view kFullWidthBar =
    "\uFF5C";  // <｜User｜>, as DeepSeek's templates write it

// The bracketed word at the start of `text` ("<…>" without blanks or a second '<'), or nothing.
std::string_view bracketed(std::string_view text) {
  for (size_t i = 1; i < std::min(text.size(), kMaxMarkerBytes); ++i) {
    if (text[i] == '>') return text.substr(0, i + 1);
    if (text[i] == '<' || static_cast<unsigned char>(text[i]) <= ' ') return {};
  }
  return {};
}

bool looks_like_marker(std::string_view word) {
  if (word.size() < 5) return false;
  const std::string_view inner = word.substr(1, word.size() - 2);
  for (const std::string_view bar : {std::string_view("|"), kFullWidthBar}) {
    if (inner.starts_with(bar) && inner.ends_with(bar) && inner.size() > 2 * bar.size())
      return true;
  }
  return inner.starts_with("start_of_") || inner.starts_with("end_of_");
}

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

std::vector<SpecialTextHit> find_special_texts(std::string_view prompt,
                                               const std::vector<std::string>& texts) {
  std::vector<SpecialTextHit> hits;
  for (const std::string& text : texts) {
    const size_t at = text.empty() ? std::string_view::npos : prompt.find(text);
    if (at != std::string_view::npos) hits.push_back({text, at});
  }
  std::sort(hits.begin(), hits.end(),
            [](const SpecialTextHit& a, const SpecialTextHit& b) { return a.offset < b.offset; });
  return hits;
}

std::vector<SpecialTextHit> find_unknown_markers(std::string_view prompt,
                                                 const PromptModelFacts& model,
                                                 std::string_view own_words) {
  std::vector<SpecialTextHit> hits;
  std::set<std::string_view> seen;
  for (size_t at = prompt.find('<'); at != std::string_view::npos; at = prompt.find('<', at + 1)) {
    const std::string_view word = bracketed(prompt.substr(at));
    if (!looks_like_marker(word) || !seen.insert(word).second) continue;
    const bool known =
        contains(model.control_texts, word) || contains(model.user_defined_texts, word);
    if (!known && own_words.find(word) == std::string_view::npos) {
      hits.push_back({std::string(word), at});
    }
  }
  return hits;
}

}  // namespace crossval
