#include "protocol/row_hash.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace crossval {

uint64_t hash_of(std::span<const float> values, std::vector<float>& scratch) {
  const auto is_nan = [](float value) { return std::isnan(value); };
  if (std::ranges::any_of(values, is_nan)) {
    scratch.assign(values.begin(), values.end());
    std::ranges::replace_if(scratch, is_nan, std::numeric_limits<float>::quiet_NaN());
    values = scratch;
  }
  const uint64_t hash = XXH3_64bits(values.data(), values.size_bytes());
  return hash == 0 ? 1 : hash;
}

RowHash row_hash_of(std::span<const float> logits, std::vector<float>& scratch) {
  RowHash row{.hash = hash_of(logits, scratch)};
  const bool finite = std::ranges::all_of(logits, [](float x) { return std::isfinite(x); });
  if (finite && !logits.empty())
    row.argmax = static_cast<int32_t>(std::ranges::max_element(logits) - logits.begin());
  return row;
}

std::span<const float> row_of(const TraceTensor& tensor, int32_t i, std::vector<float>& scratch) {
  const auto row =
      tensor.data.subspan(static_cast<size_t>(i * tensor.width), static_cast<size_t>(tensor.width));
  if (tensor.heads == 0) return row;
  const int64_t keys = tensor.width / tensor.heads;
  const int64_t visible = std::min<int64_t>(keys, tensor.first_position + i + 1);
  scratch.clear();
  for (int64_t head = 0; head < tensor.heads; ++head) {
    const auto begin = row.begin() + head * keys;
    scratch.insert(scratch.end(), begin, begin + visible);
  }
  return scratch;
}

}  // namespace crossval
