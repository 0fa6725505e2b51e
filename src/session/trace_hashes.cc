#include "session/trace_hashes.h"

#include <algorithm>

#include "protocol/row_hash.h"

namespace crossval {

TensorKey key_of(const TraceTensor& tensor) {
  return {tensor.name, tensor.op, tensor.occurrence, tensor.heads > 0 ? 0 : tensor.width,
          tensor.heads};
}

std::string label_of(const TensorKey& key) { return label_of(key.name, key.op, key.occurrence); }

void TraceHashes::add(const TraceTensor& tensor) {
  const auto entry = tensors_.try_emplace(key_of(tensor)).first;
  sources_.try_emplace(entry->first, TensorSources{tensor.weight, tensor.inputs});
  Hashes& hashes = entry->second;
  hashes.resize(positions_);
  for (int32_t i = 0; i < tensor.positions; ++i) {
    const auto row = static_cast<size_t>(i);
    hashes[static_cast<size_t>(tensor.first_position) + row] =
        tensor.hashes.empty() ? hash_of(row_of(tensor, i, scratch_), one_nan_) : tensor.hashes[row];
  }
  visits_.push_back({&entry->first, tensor.layer, tensor.first_position, tensor.positions});
}

const TensorKey* TraceHashes::find_label(const std::string& label) const {
  const auto found = std::ranges::find_if(
      tensors_, [&](const auto& tensor) { return label_of(tensor.first) == label; });
  return found == tensors_.end() ? nullptr : &found->first;
}

}  // namespace crossval
