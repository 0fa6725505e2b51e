#include "tokenizer/spelling/byte_trie.h"

#include <algorithm>
#include <deque>

namespace crossval {

ByteTrie::ByteTrie(std::vector<std::pair<std::string_view, int32_t>> keys) {
  roots_.fill(kNone);
  std::ranges::sort(keys);  // of equal texts the highest id stays
  // Keys begin…end share their first `depth` bytes; their next bytes become children of `parent`.
  struct Range {
    int32_t parent;
    size_t begin;
    size_t end;
    size_t depth;
  };
  std::deque<Range> open = {{kNone, 0, keys.size(), 0}};
  while (!open.empty()) {
    Range range = open.front();
    open.pop_front();
    while (range.begin < range.end && keys[range.begin].first.size() == range.depth) {
      if (range.parent >= 0)
        nodes_[static_cast<size_t>(range.parent)].value = keys[range.begin].second;
      ++range.begin;
    }
    if (range.parent >= 0) {
      nodes_[static_cast<size_t>(range.parent)].first_child = static_cast<uint32_t>(nodes_.size());
    }
    for (size_t at = range.begin; at < range.end;) {
      const char byte = keys[at].first[range.depth];
      size_t end = at;
      while (end < range.end && keys[end].first[range.depth] == byte) ++end;
      const auto node = static_cast<int32_t>(nodes_.size());
      nodes_.push_back({.byte = static_cast<uint8_t>(byte)});
      if (range.parent >= 0) {
        ++nodes_[static_cast<size_t>(range.parent)].children;
      } else {
        roots_[static_cast<uint8_t>(byte)] = node;
      }
      open.push_back({node, at, end, range.depth + 1});
      at = end;
    }
  }
}

int32_t ByteTrie::child(int32_t node, char byte) const {
  const Node& parent = nodes_[static_cast<size_t>(node)];
  const auto* const begin = nodes_.data() + parent.first_child;
  const auto* const end = begin + parent.children;
  const auto* const at =
      std::lower_bound(begin, end, static_cast<uint8_t>(byte),
                       [](const Node& child, uint8_t wanted) { return child.byte < wanted; });
  if (at == end || at->byte != static_cast<uint8_t>(byte)) return kNone;
  return static_cast<int32_t>(at - nodes_.data());
}

ByteTrie::Match ByteTrie::longest(std::string_view text) const {
  Match best;
  if (text.empty()) return best;
  int32_t node = root(text.front());
  for (size_t at = 1; node != kNone; ++at) {
    if (value(node) != kNone) best = {value(node), at};
    if (at == text.size()) break;
    node = child(node, text[at]);
  }
  return best;
}

size_t ByteTrie::longest_path(std::string_view text) const {
  if (text.empty()) return 0;
  int32_t node = root(text.front());
  size_t at = 0;
  while (node != kNone) {
    ++at;
    if (at == text.size()) break;
    node = child(node, text[at]);
  }
  return at;
}

}  // namespace crossval
