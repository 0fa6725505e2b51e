// The merge loop of BPE and SentencePiece: neighbours join in order of urgency, leftmost first among
// equals, until none can. n symbols cost O(n log n).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace crossval {

/// `Join` says whether two symbols join: std::optional<Candidate> operator()(Symbol, Symbol), where
/// Candidate has `Priority priority` (smaller joins first) and `Symbol result`. A Symbol must be
/// comparable and two different stretches that start at one place must be different symbols.
template <class Symbol, class Priority>
class Merger {
 public:
  struct Candidate {
    Priority priority;
    Symbol result;
  };

  /// Replaces `symbols` by what is left when all that can join has joined.
  template <class Join>
  void merge(std::vector<Symbol>* symbols, const Join& join) {
    const auto n = static_cast<int32_t>(symbols->size());
    nodes_.resize(symbols->size());
    queue_.clear();
    for (int32_t i = 0; i < n; ++i) {
      nodes_[at(i)] = {(*symbols)[at(i)], i - 1, i + 1 < n ? i + 1 : -1, true};
    }
    for (int32_t i = 1; i < n; ++i) propose(i - 1, i, join);
    while (!queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end());
      const Proposal best = queue_.back();
      queue_.pop_back();
      Node& left = nodes_[at(best.left)];
      Node& right = nodes_[at(best.right)];
      // Stale when one of the two has joined something else since.
      const bool holds = left.alive && right.alive && left.symbol == best.left_symbol &&
                         right.symbol == best.right_symbol;
      if (!holds) continue;
      left.symbol = best.result;
      right.alive = false;
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
    Symbol symbol;
    int32_t previous;
    int32_t next;
    bool alive;
  };
  struct Proposal {
    Priority priority;
    int32_t left;
    int32_t right;
    Symbol left_symbol;
    Symbol right_symbol;
    Symbol result;
    // Of the standard heap's top: the greatest, so the least urgent is the least.
    bool operator<(const Proposal& other) const {
      return other.priority < priority || (other.priority == priority && other.left < left);
    }
  };

  static size_t at(int32_t i) { return static_cast<size_t>(i); }

  template <class Join>
  void propose(int32_t left, int32_t right, const Join& join) {
    const Symbol l = nodes_[at(left)].symbol;
    const Symbol r = nodes_[at(right)].symbol;
    if (const std::optional<Candidate> found = join(l, r)) {
      queue_.push_back({found->priority, left, right, l, r, found->result});
      std::push_heap(queue_.begin(), queue_.end());
    }
  }

  std::vector<Node> nodes_;
  std::vector<Proposal> queue_;
};

}  // namespace crossval
