#include "tokenizer/hugging_face/splitter.h"

#include <algorithm>

#include "tokenizer/text/code_points.h"

namespace crossval {

Result<std::vector<RegexMatch>> regex_matches(const Regex& regex, std::string_view text) {
  std::vector<uint32_t> characters;
  std::vector<size_t> offsets;  // of each character, and the end
  for (size_t at = 0; at < text.size();) {
    offsets.push_back(at);
    characters.push_back(next_code_point(text, &at));
  }
  offsets.push_back(text.size());
  RegexMatcher matcher(regex);
  matcher.start(characters);
  std::vector<RegexMatch> matches;
  for (;;) {
    const auto match = matcher.next();
    if (!match) return tl::unexpected(match.error());
    if (!match->has_value()) return matches;
    matches.push_back({offsets[(*match)->begin], offsets[(*match)->end]});
  }
}

Result<std::vector<HfSplitter::Stretch>> HfSplitter::stretches(std::string_view text) const {
  std::vector<Stretch> found;
  if (const auto* is_match = std::get_if<IsMatch>(&pattern_)) {
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      const bool match = (*is_match)(next_code_point(text, &at));
      if (!match && !found.empty() && !found.back().match) {
        found.back().end = at;
      } else {
        found.push_back({begin, at, match});
      }
    }
    return found;
  }
  const auto matches = regex_matches(*std::get<std::shared_ptr<Regex>>(pattern_), text);
  if (!matches) return tl::unexpected(matches.error());
  size_t last = 0;
  for (const RegexMatch& match : *matches) {
    if (match.begin > last) found.push_back({last, match.begin, false});
    found.push_back({match.begin, match.end, true});
    last = match.end;
  }
  if (last < text.size()) found.push_back({last, text.size(), false});
  return found;
}

Result<void> HfSplitter::split(std::string_view text, std::vector<std::string_view>* parts) const {
  auto found = stretches(text);
  if (!found) return tl::unexpected(found.error());
  std::vector<Stretch> joined;
  const bool from_the_end = behavior_ == SplitBehavior::merged_with_next;
  if (from_the_end) std::ranges::reverse(*found);
  bool after_match = false;
  for (Stretch stretch : *found) {
    if (invert_) stretch.match = !stretch.match;
    bool join = false;
    switch (behavior_) {
      case SplitBehavior::removed:
        if (stretch.match) continue;
        break;
      case SplitBehavior::isolated:
        break;
      case SplitBehavior::merged_with_previous:
      case SplitBehavior::merged_with_next:
        join = stretch.match && !after_match;
        break;
      case SplitBehavior::contiguous:
        join = stretch.match == after_match;
        break;
    }
    after_match = stretch.match;
    if (join && !joined.empty()) {
      joined.back().begin = std::min(joined.back().begin, stretch.begin);
      joined.back().end = std::max(joined.back().end, stretch.end);
    } else {
      joined.push_back(stretch);
    }
  }
  if (from_the_end) std::ranges::reverse(joined);
  for (const Stretch& stretch : joined) {
    if (stretch.end > stretch.begin) {
      parts->push_back(text.substr(stretch.begin, stretch.end - stretch.begin));
    }
  }
  return {};
}

}  // namespace crossval
