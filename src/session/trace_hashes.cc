#include "session/trace_hashes.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace crossval {

TensorKey key_of(const TraceTensor& tensor) {
  return {tensor.name, tensor.op, tensor.occurrence, tensor.heads > 0 ? 0 : tensor.width,
          tensor.heads};
}

std::string label_of(const TensorKey& key) { return label_of(key.name, key.op, key.occurrence); }

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

namespace {

uint64_t hash_of(std::span<const float> row, std::vector<float>& scratch) {
  const auto is_nan = [](float value) { return std::isnan(value); };
  if (std::ranges::any_of(row, is_nan)) {
    scratch.assign(row.begin(), row.end());
    std::ranges::replace_if(scratch, is_nan, std::numeric_limits<float>::quiet_NaN());
    row = scratch;
  }
  return XXH3_64bits(row.data(), row.size_bytes());
}

}  // namespace

void TraceHashes::add(const TraceTensor& tensor) {
  const auto entry = tensors_.try_emplace(key_of(tensor)).first;
  sources_.try_emplace(entry->first, TensorSources{tensor.weight, tensor.inputs});
  Hashes& hashes = entry->second;
  hashes.resize(positions_);
  for (int32_t i = 0; i < tensor.positions; ++i) {
    const auto row = row_of(tensor, i, scratch_);
    const int32_t position = tensor.first_position + i;
    const uint64_t hash = hash_of(row, one_nan_);
    hashes[static_cast<size_t>(position)] = hash == 0 ? 1 : hash;
  }
  visits_.push_back({&entry->first, tensor.layer, tensor.first_position, tensor.positions});
}

const TensorKey* TraceHashes::find_label(const std::string& label) const {
  const auto found = std::ranges::find_if(
      tensors_, [&](const auto& tensor) { return label_of(tensor.first) == label; });
  return found == tensors_.end() ? nullptr : &found->first;
}

}  // namespace crossval
