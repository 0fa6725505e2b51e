#include "tokenizer/spelling/merge_table.h"

#include <bit>

namespace crossval {

PieceId MergeTable::intern(std::string_view text) {
  const PieceId known = find(text);
  if (known >= 0) return known;
  const auto id = static_cast<PieceId>(texts_.size());
  ids_.emplace(texts_.emplace_back(text), id);
  return id;
}

PieceId MergeTable::find(std::string_view text) const {
  const auto at = ids_.find(text);
  return at == ids_.end() ? -1 : at->second;
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
