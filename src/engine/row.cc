#include "engine/row.h"

#include <algorithm>

namespace crossval {

int32_t most_likely(const Row& row) {
  if (row.content == RowContent::hashes) return row.hash.argmax;
  if (row.content == RowContent::top) {
    const auto& tokens = row.top->tokens;
    return tokens.empty() ? -1 : std::ranges::min_element(tokens, is_likelier)->id;
  }
  if (row.logits.empty()) return -1;
  return static_cast<int32_t>(std::ranges::max_element(row.logits) - row.logits.begin());
}

}  // namespace crossval
