// The merge loop of BPE and SentencePiece: neighbours join in order of urgency, leftmost first
// among equals, until none can. n symbols cost O(n log n).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace crossval {

/// A stretch of the text that is being merged. What `piece` means is its user's business.
struct MergeSymbol {
  int32_t piece = -1;
  uint32_t begin = 0;  // byte
  uint32_t size = 0;   // bytes
};

/// Keeps its memory from one text to the next. Priority: smaller joins first. kRejoin: two symbols
/// that together are as long as when they were proposed must also still join, into the same piece.
template <class Priority, bool kRejoin = false>
class Merger {
 public:
  struct Candidate {
    Priority priority;
    int32_t piece;  // of the two together
  };

  /// Replaces `symbols`, which are neighbours in this order, by what is left when all that can join
  /// has joined. `join`: std::optional<Candidate>(const MergeSymbol& left, const MergeSymbol&
  /// right).
  template <class Join>
  void merge(std::vector<MergeSymbol>* symbols, const Join& join) {
    const auto n = static_cast<int32_t>(symbols->size());
    nodes_.resize(symbols->size());
    queue_.clear();
    for (int32_t i = 0; i < n; ++i) nodes_[at(i)] = {(*symbols)[at(i)], i - 1, i + 1};
    if (n > 0) nodes_.back().next = -1;
    for (int32_t i = 1; i < n; ++i) propose(i - 1, i, join);
    while (!queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end());
      const Proposal best = queue_.back();
      queue_.pop_back();
      // Symbols only grow, and one that was swallowed has size 0: a proposal is stale when the
      // symbol and its neighbour are not as long together as they were.
      Node& left = nodes_[at(best.left)];
      if (left.symbol.size == 0 || left.next < 0) continue;
      Node& right = nodes_[at(left.next)];
      if (left.symbol.size + right.symbol.size != best.size) continue;
      if constexpr (kRejoin) {
        const std::optional<Candidate> now = join(left.symbol, right.symbol);
        if (!now || now->piece != best.piece) continue;
      }
      left.symbol.size = best.size;
      left.symbol.piece = best.piece;
      right.symbol.size = 0;
      left.next = right.next;
      if (right.next >= 0) nodes_[at(right.next)].previous = best.left;
      if (left.previous >= 0) propose(left.previous, best.left, join);
      if (left.next >= 0) propose(best.left, left.next, join);
    }
    symbols->clear();
    for (int32_t i = n > 0 ? 0 : -1; i >= 0; i = nodes_[at(i)].next) {
      symbols->push_back(nodes_[at(i)].symbol);
    }
  }

 private:
  struct Node {
    MergeSymbol symbol;
    int32_t previous;
    int32_t next;  // -1: none
  };
  // Small, because the queue of a long text is what merging waits for.
  struct Proposal {
    Priority priority;
    int32_t left;
    uint32_t size;
    int32_t piece;
    // The standard heap has the greatest on top: less urgent is less.
    bool operator<(const Proposal& other) const {
      return other.priority < priority || (other.priority == priority && other.left < left);
    }
  };

  static size_t at(int32_t i) { return static_cast<size_t>(i); }

  template <class Join>
  void propose(int32_t left, int32_t right, const Join& join) {
    const MergeSymbol& l = nodes_[at(left)].symbol;
    const MergeSymbol& r = nodes_[at(right)].symbol;
    if (const std::optional<Candidate> found = join(l, r)) {
      queue_.push_back({found->priority, left, l.size + r.size, found->piece});
      std::push_heap(queue_.begin(), queue_.end());
    }
  }

  std::vector<Node> nodes_;
  std::vector<Proposal> queue_;
};

}  // namespace crossval
