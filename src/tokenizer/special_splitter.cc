#include "tokenizer/special_splitter.h"

#include <algorithm>

namespace crossval {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Appends the pieces of `text` around every occurrence of the token.
void cut(std::string_view text, int32_t id, const VocabularyToken& token,
         std::vector<TextFragment>* out) {
  for (size_t at = text.find(token.text); at != std::string_view::npos;
       at = text.find(token.text)) {
    std::string_view left = text.substr(0, at);
    if ((token.attributes & kTokenStripLeft) != 0) {
      while (!left.empty() && is_space(left.back())) left.remove_suffix(1);
    }
    if (!left.empty()) out->push_back({kNoToken, left});
    out->push_back({id, token.text});
    text.remove_prefix(at + token.text.size());
    if ((token.attributes & kTokenStripRight) != 0) {
      while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    }
  }
  if (!text.empty()) out->push_back({kNoToken, text});
}

}  // namespace

SpecialSplitter::SpecialSplitter(const Vocabulary& vocabulary, uint16_t attributes)
    : vocabulary_(vocabulary) {
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    if (vocabulary.has(id, attributes)) order_.push_back(id);
  }
  // Not a stable sort: among texts of one length upstream's order is whatever this call makes of
  // it.
  std::sort(order_.begin(), order_.end(), [&vocabulary](int32_t a, int32_t b) {
    return vocabulary.tokens[static_cast<size_t>(a)].text.size() >
           vocabulary.tokens[static_cast<size_t>(b)].text.size();
  });
  roots_.fill(-1);
  for (size_t rank = 0; rank < order_.size(); ++rank) {
    insert(vocabulary.tokens[static_cast<size_t>(order_[rank])].text, static_cast<int32_t>(rank));
  }
}

void SpecialSplitter::insert(std::string_view text, int32_t rank) {
  int32_t node = -1;
  for (const char byte : text) {
    int32_t next = child(node, byte);
    if (next < 0) {
      next = static_cast<int32_t>(trie_.size());
      int32_t& head = node < 0 ? roots_[static_cast<uint8_t>(byte)]
                               : trie_[static_cast<size_t>(node)].first_child;
      const int32_t sibling = head;
      head = next;
      trie_.push_back({.next_sibling = sibling, .byte = byte});
    }
    node = next;
  }
  trie_[static_cast<size_t>(node)].rank = rank;
}

int32_t SpecialSplitter::child(int32_t node, char byte) const {
  if (node < 0) return roots_[static_cast<uint8_t>(byte)];
  int32_t at = trie_[static_cast<size_t>(node)].first_child;
  while (at >= 0 && trie_[static_cast<size_t>(at)].byte != byte) {
    at = trie_[static_cast<size_t>(at)].next_sibling;
  }
  return at;
}

// Ranks of the tokens whose text occurs anywhere, ascending: most texts hold few of the hundreds
// that a vocabulary has, and only those need a pass of their own.
std::vector<int32_t> SpecialSplitter::present(std::string_view text, bool parse_special) const {
  std::vector<bool> seen(order_.size());
  std::vector<int32_t> ranks;
  for (size_t start = 0; start < text.size(); ++start) {
    int32_t node = roots_[static_cast<uint8_t>(text[start])];
    for (size_t at = start + 1; node >= 0; ++at) {
      const int32_t rank = trie_[static_cast<size_t>(node)].rank;
      if (rank >= 0 && !seen[static_cast<size_t>(rank)]) {
        seen[static_cast<size_t>(rank)] = true;
        const int32_t id = order_[static_cast<size_t>(rank)];
        if (parse_special || !vocabulary_.has(id, kTokenControl | kTokenUnknown)) {
          ranks.push_back(rank);
        }
      }
      if (at == text.size()) break;
      node = child(node, text[at]);
    }
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

std::vector<TextFragment> SpecialSplitter::split(std::string_view text, bool parse_special) const {
  std::vector<TextFragment> fragments;
  if (text.empty()) return fragments;
  fragments.push_back({kNoToken, text});
  for (const int32_t rank : present(text, parse_special)) {
    const int32_t id = order_[static_cast<size_t>(rank)];
    const VocabularyToken& token = vocabulary_.tokens[static_cast<size_t>(id)];
    std::vector<TextFragment> cut_further;
    cut_further.reserve(fragments.size() + 2);
    for (const TextFragment& fragment : fragments) {
      if (fragment.id != kNoToken) {
        cut_further.push_back(fragment);
      } else {
        cut(fragment.text, id, token, &cut_further);
      }
    }
    fragments = std::move(cut_further);
  }
  return fragments;
}

}  // namespace crossval
