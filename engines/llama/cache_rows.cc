#include "cache_rows.h"

#include <ggml-backend.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace crossval_llama {
namespace {

constexpr std::string_view kKeys = "cache_k_l", kValues = "cache_v_l";  // and the layer

// Without what fills narrower layers up to the widest.
int64_t values_written(const ggml_tensor* source) {
  while (source->op == GGML_OP_RESHAPE && source->src[0] != nullptr) source = source->src[0];
  if (source->op == GGML_OP_PAD) source = source->src[0];
  return ggml_nelements(source);
}

}  // namespace

std::string CacheTensor::name() const {
  return (keys ? "cache_k-" : "cache_v-") + std::to_string(layer);
}

// The node is a view of what it writes to, and its first source is what it writes.
void CacheRows::note_write(const ggml_tensor* node, int64_t positions) {
  const ggml_tensor* target = node->view_src;
  if (target == nullptr || node->src[0] == nullptr || node->op == GGML_OP_VIEW ||
      node->op == GGML_OP_RESHAPE || node->op == GGML_OP_PERMUTE || node->op == GGML_OP_TRANSPOSE) {
    return;
  }
  const std::string_view name = target->name;
  const bool keys = name.starts_with(kKeys);
  if (!keys && !name.starts_with(kValues)) return;
  CacheTensor part{.tensor = target, .keys = keys};
  const char* end = name.data() + name.size();
  if (std::from_chars(name.data() + kKeys.size(), end, part.layer).ptr != end) return;
  part.width = values_written(node->src[0]) / positions;
  part.cells = ggml_nelements(target) / (ggml_nelements(node->src[0]) / positions);
  const auto namesake = std::ranges::find_if(parts_, [&](const CacheTensor& other) {
    return other.keys == keys && other.layer == part.layer;
  });
  if (namesake == parts_.end()) {
    parts_.push_back(part);
  } else if (namesake->tensor != target) {
    namesake->cells = 0;
  }
}

TensorRows CacheTensor::read(int64_t first, int64_t end, bool transposed) const {
  const size_t size = ggml_type_size(tensor->type);
  const auto stored = static_cast<int64_t>(ggml_nelements(tensor) / cells);  // values of a position
  const int64_t begin = transposed ? 0 : first * stored;
  const int64_t count = transposed ? width * cells : (end - first) * stored;
  std::vector<std::byte> bytes(static_cast<size_t>(count) * size);
  ggml_backend_tensor_get(tensor, bytes.data(), static_cast<size_t>(begin) * size, bytes.size());

  TensorRows rows;
  rows.positions = end - first;
  rows.width = width;
  rows.values.reserve(static_cast<size_t>(rows.positions * width));
  for (int64_t p = first; p < end; ++p) {
    for (int64_t i = 0; i < width; ++i) {
      const int64_t at = transposed ? i * cells + p : (p - first) * stored + i;
      rows.values.push_back(value_at(bytes.data() + static_cast<size_t>(at) * size, tensor->type));
    }
  }
  return rows;
}

}  // namespace crossval_llama
