#include "tensor_rows.h"

#include <ggml-backend.h>

#include <cstring>
#include <string_view>

#include "api.h"

namespace crossval_llama {
bool is_plain_number(ggml_type type) {
  return type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || type == GGML_TYPE_BF16 ||
         type == GGML_TYPE_I32;
}

float value_at(const std::byte* at, ggml_type type) {
  switch (type) {
    case GGML_TYPE_F16: {
      ggml_fp16_t half = 0;
      std::memcpy(&half, at, sizeof half);
      return ggml_fp16_to_fp32(half);
    }
    case GGML_TYPE_BF16: {
      ggml_bf16_t brain{};
      std::memcpy(&brain, at, sizeof brain);
      return ggml_bf16_to_fp32(brain);
    }
    case GGML_TYPE_I32: {
      int32_t integer = 0;
      std::memcpy(&integer, at, sizeof integer);
      return static_cast<float>(integer);
    }
    default: {
      float value = 0;
      std::memcpy(&value, at, sizeof value);
      return value;
    }
  }
}

namespace {

// "kq…" is [n_kv, positions, heads] and "kqv" [head_dim, positions, heads]; "kqv_out" is merged
// again.
bool by_head(std::string_view name) { return name.starts_with("kq") && !name.starts_with("kqv_"); }
bool is_values(std::string_view name) { return name == "kqv" || name.starts_with("kqv-"); }

// The dimension that counts positions; 0 when none does. Everywhere else it is the outermost one.
int position_dimension(const ggml_tensor* node, int64_t positions) {
  if (by_head(node->name)) return node->ne[1] == positions ? 1 : 0;
  for (int dim = GGML_MAX_DIMS - 1; dim > 0; --dim) {
    if (node->ne[dim] == positions) return dim;
    if (node->ne[dim] != 1) return 0;
  }
  return 0;
}

}  // namespace

bool worth_tracing(const ggml_tensor* node) {
  switch (node->op) {
    case GGML_OP_NONE:
    case GGML_OP_VIEW:
    case GGML_OP_RESHAPE:
    case GGML_OP_PERMUTE:
    case GGML_OP_TRANSPOSE:
    case GGML_OP_CPY:
      return false;
    default:
      break;
  }
  if (!era::is_computed(node)) return false;
  return is_plain_number(node->type) && !std::string_view(node->name).starts_with("cache_");
}

bool has_rows(const ggml_tensor* node, int64_t positions) {
  return position_dimension(node, positions) != 0;
}

TensorRows read_rows(const ggml_tensor* node, int64_t positions, int64_t first, int64_t end) {
  const int position_dim = position_dimension(node, positions);
  // The other dimensions, innermost first.
  int64_t count[GGML_MAX_DIMS - 1];
  size_t stride[GGML_MAX_DIMS - 1];
  int others = 0;
  for (int dim = 0; dim < GGML_MAX_DIMS; ++dim) {
    if (dim == position_dim) continue;
    count[others] = node->ne[dim];
    stride[others++] = node->nb[dim];
  }
  // What lies between the first wanted value and the last.
  const size_t begin = static_cast<size_t>(first) * node->nb[position_dim];
  size_t size =
      static_cast<size_t>(end - 1 - first) * node->nb[position_dim] + ggml_type_size(node->type);
  for (int i = 0; i < others; ++i) size += static_cast<size_t>(count[i] - 1) * stride[i];
  std::vector<std::byte> bytes(size);
  ggml_backend_tensor_get(node, bytes.data(), begin, size);

  TensorRows rows;
  rows.positions = end - first;
  rows.width = count[0] * count[1] * count[2];
  rows.heads = by_head(node->name) && !is_values(node->name) ? count[1] * count[2] : 0;
  rows.values.resize(static_cast<size_t>(rows.positions * rows.width));
  float* out = rows.values.data();
  for (int64_t p = 0; p < rows.positions; ++p) {
    for (int64_t k = 0; k < count[2]; ++k) {
      for (int64_t j = 0; j < count[1]; ++j) {
        const std::byte* at = bytes.data() + static_cast<size_t>(p) * node->nb[position_dim] +
                              static_cast<size_t>(k) * stride[2] +
                              static_cast<size_t>(j) * stride[1];
        for (int64_t i = 0; i < count[0]; ++i, at += stride[0]) *out++ = value_at(at, node->type);
      }
    }
  }
  return rows;
}

}  // namespace crossval_llama
