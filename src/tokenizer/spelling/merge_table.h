// The merges of a BPE vocabulary over interned pieces: which two pieces join, how early, into what.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
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
  /// Room for so many pieces, so that interning them moves nothing.
  void reserve(size_t pieces);
  /// The id of `text`, given one if it has none yet. Ids are 0, 1, 2, ….
  PieceId intern(std::string_view text);
  /// -1 when `text` was never interned.
  PieceId find(std::string_view text) const;
  /// The first merge of a pair counts, later ones are ignored.
  void add(PieceId left, PieceId right, int32_t rank, PieceId result);
  /// nullptr when the two never join. Call finish() first.
  const Merge* find(PieceId left, PieceId right) const;
  /// Builds the look-up table after the last add().
  void finish();

  size_t pieces() const { return pieces_.size(); }

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

  struct Piece {
    size_t hash = 0;
    size_t begin = 0;  // in texts_
    size_t size = 0;
  };
  std::string_view text(const Piece& piece) const {
    return std::string_view(texts_).substr(piece.begin, piece.size);
  }
  // Where `text` is in index_, or would be. index_ has an empty place.
  size_t place(std::string_view text, size_t hash) const;
  void rehash(size_t places);

  // Vocabularies have a quarter of a million pieces and every program that starts interns them: no
  // allocation for each.
  std::string texts_;  // one after the other
  std::vector<Piece> pieces_;
  std::vector<PieceId> index_;  // open addressing by hash, a power of two, at most half full
  std::vector<Slot> added_;
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
  int shift_ = 63;
};

}  // namespace crossval
