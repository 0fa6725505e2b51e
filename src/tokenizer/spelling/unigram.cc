#include "tokenizer/spelling/unigram.h"

#include <algorithm>
#include <limits>

#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

std::vector<std::pair<std::string_view, int32_t>> keys(const UnigramRules& rules) {
  std::vector<std::pair<std::string_view, int32_t>> out;
  out.reserve(rules.tokens.size());
  for (const UnigramRules::Scored& token : rules.tokens) {
    out.emplace_back(token.text, static_cast<int32_t>(out.size()));
  }
  return out;
}

}  // namespace

Unigram::Unigram(UnigramRules rules) : rules_(std::move(rules)), trie_(keys(rules_)) {}

std::vector<Unigram::Piece> Unigram::cut(std::string_view text) const {
  return rules_.sums_in_float ? best<float>(text) : best<double>(text);
}

template <class Sum>
std::vector<Unigram::Piece> Unigram::best(std::string_view text) const {
  // The best spelling of the text up to each byte: its last token and where that begins.
  struct Ending {
    Sum sum = std::numeric_limits<Sum>::lowest();
    int32_t token = ByteTrie::kNone;  // index into rules_.tokens
    uint32_t begin = 0;
  };
  std::vector<Ending> endings(text.size() + 1);
  endings[0].sum = 0;
  for (size_t begin = 0; begin < text.size();) {
    const Sum so_far = endings[begin].sum;
    const auto offer = [&endings, begin](size_t end, int32_t token, Sum sum) {
      if (sum > endings[end].sum) endings[end] = {sum, token, static_cast<uint32_t>(begin)};
    };
    const size_t character = std::min(claimed_length(text[begin]), text.size() - begin);
    bool spelled = false;  // the one character by a token of its own
    int32_t node = trie_.root(text[begin]);
    for (size_t end = begin + 1; node != ByteTrie::kNone; ++end) {
      const int32_t token = trie_.value(node);
      if (token != ByteTrie::kNone) {
        spelled = spelled || end - begin == character;
        offer(end, token,
              static_cast<Sum>(so_far + rules_.tokens[static_cast<size_t>(token)].score));
      }
      if (end == text.size()) break;
      node = trie_.child(node, text[end]);
    }
    if (!spelled) {
      offer(begin + character, ByteTrie::kNone, so_far + static_cast<Sum>(rules_.unknown_score));
    }
    begin += character;
  }
  std::vector<Piece> pieces;
  for (size_t end = text.size(); end > 0; end = endings[end].begin) {
    const Ending& last = endings[end];
    const int32_t id =
        last.token == ByteTrie::kNone ? -1 : rules_.tokens[static_cast<size_t>(last.token)].id;
    pieces.push_back({id, last.begin, end - last.begin});
  }
  std::ranges::reverse(pieces);
  return pieces;
}

}  // namespace crossval
