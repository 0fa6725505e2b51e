// The merges of a BPE vocabulary over interned pieces: which two pieces join, how early, into what.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace crossval {

/// A piece of text that merges know; -1: none that any merge or token has.
using PieceId = int32_t;

struct Merge {
  int32_t rank = 0;  // lower ranks first
  PieceId result = -1;
};

class MergeTable {
 public:
  /// The id of `text`, given one if it has none yet.
  PieceId intern(std::string_view text);
  /// -1 when `text` was never interned.
  PieceId find(std::string_view text) const;
  /// The first merge of a pair counts, later ones are ignored.
  void add(PieceId left, PieceId right, int32_t rank, PieceId result);
  /// nullptr when the two never join. Call finish() first.
  const Merge* find(PieceId left, PieceId right) const;
  /// Builds the look-up table after the last add().
  void finish();

  std::string_view text(PieceId piece) const { return texts_[static_cast<size_t>(piece)]; }
  size_t pieces() const { return texts_.size(); }

 private:
  struct Slot {
    uint64_t pair = kEmpty;
    Merge merge;
  };
  static constexpr uint64_t kEmpty = ~0ULL;
  static uint64_t key(PieceId left, PieceId right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  size_t home(uint64_t pair) const { return (pair * 0x9E3779B97F4A7C15ULL) >> shift_; }

  std::deque<std::string> texts_;  // addresses stay, so ids_ may look into them
  std::unordered_map<std::string_view, PieceId> ids_;
  std::vector<Slot> added_;
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
  int shift_ = 63;
};

}  // namespace crossval
