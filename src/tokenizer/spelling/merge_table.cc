#include "tokenizer/spelling/merge_table.h"

#include <bit>
#include <functional>

namespace crossval {

namespace {

size_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

}  // namespace

void MergeTable::reserve(size_t pieces) {
  pieces_.reserve(pieces);
  rehash(std::bit_ceil(2 * pieces + 2));
}

void MergeTable::rehash(size_t places) {
  index_.assign(places, -1);
  for (size_t i = 0; i < pieces_.size(); ++i) {
    size_t at = pieces_[i].hash & (places - 1);
    while (index_[at] >= 0) at = (at + 1) & (places - 1);
    index_[at] = static_cast<PieceId>(i);
  }
}

size_t MergeTable::place(std::string_view text, size_t hash) const {
  size_t at = hash & (index_.size() - 1);
  for (; index_[at] >= 0; at = (at + 1) & (index_.size() - 1)) {
    const Piece& piece = pieces_[static_cast<size_t>(index_[at])];
    if (piece.hash == hash && this->text(piece) == text) break;
  }
  return at;
}

PieceId MergeTable::intern(std::string_view text) {
  if (2 * (pieces_.size() + 1) > index_.size()) reserve(2 * pieces_.size() + 512);
  const size_t hash = hash_of(text);
  const size_t at = place(text, hash);
  if (index_[at] < 0) {
    index_[at] = static_cast<PieceId>(pieces_.size());
    pieces_.push_back({hash, texts_.size(), text.size()});
    texts_ += text;
  }
  return index_[at];
}

PieceId MergeTable::find(std::string_view text) const {
  return index_.empty() ? -1 : index_[place(text, hash_of(text))];
}

void MergeTable::add(PieceId left, PieceId right, int32_t rank, PieceId result) {
  added_.push_back({key(left, right), {rank, result}});
}

void MergeTable::finish() {
  const size_t size = std::bit_ceil(2 * added_.size() + 2);
  shift_ = 64 - std::countr_zero(size);
  slots_.assign(size, Slot{});
  for (const Slot& slot : added_) {
    size_t at = home(slot.pair);
    while (slots_[at].pair != kEmpty && slots_[at].pair != slot.pair) at = (at + 1) & (size - 1);
    if (slots_[at].pair == kEmpty) slots_[at] = slot;
  }
  added_ = {};
}

const Merge* MergeTable::find(PieceId left, PieceId right) const {
  if (left < 0 || right < 0) return nullptr;
  const uint64_t pair = key(left, right);
  for (size_t at = home(pair); slots_[at].pair != kEmpty; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].pair == pair) return &slots_[at].merge;
  }
  return nullptr;
}

}  // namespace crossval
