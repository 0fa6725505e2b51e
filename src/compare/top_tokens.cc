#include "compare/top_tokens.h"

#include <limits>

#include "compare/row_kernels.h"

namespace crossval {
namespace {

// Keeps the list sorted; a value equal to one in it goes behind.
void insert(TopTokens& top, int32_t id, float value) {
  int32_t at = top.count < kTopTokens ? top.count++ : kTopTokens - 1;
  for (; at > 0 && value > top.values[at - 1]; --at) {
    top.values[at] = top.values[at - 1];
    top.ids[at] = top.ids[at - 1];
  }
  top.values[at] = value;
  top.ids[at] = id;
}

}  // namespace

TopTokens find_top_tokens(std::span<const float> row) {
  const RowKernels& kernels = row_kernels();
  const auto n = static_cast<int64_t>(row.size());
  TopTokens top;
  int64_t i = 0;
  for (; i < n && top.count < kTopTokens; ++i) {
    if (row[i] == row[i]) insert(top, static_cast<int32_t>(i), row[i]);
  }
  if (top.count < kTopTokens) return top;
  // Few values of a long row enter the list, so whole blocks are passed over.
  while ((i = kernels.find_above(row.data(), i, n, top.values[kTopTokens - 1])) < n) {
    insert(top, static_cast<int32_t>(i), row[i]);
    ++i;
  }
  return top;
}

int32_t top_overlap(const TopTokens& a, const TopTokens& b) {
  int32_t common = 0;
  for (int32_t i = 0; i < a.count; ++i) {
    for (int32_t j = 0; j < b.count; ++j) common += a.ids[i] == b.ids[j] ? 1 : 0;
  }
  return common;
}

}  // namespace crossval
