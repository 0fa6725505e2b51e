#include "node_sources.h"

#include <algorithm>
#include <string_view>

#include "protocol/answers.h"

namespace crossval_llama {
namespace {

// Shows or copies its first source and computes nothing.
bool passes_on(const ggml_tensor* tensor) {
  switch (tensor->op) {
    case GGML_OP_VIEW:
    case GGML_OP_RESHAPE:
    case GGML_OP_PERMUTE:
    case GGML_OP_TRANSPOSE:
    case GGML_OP_CPY:
      return tensor->src[0] != nullptr;
    default:
      return false;
  }
}

bool is_cache(const ggml_tensor* tensor) {
  return std::string_view(tensor->name).starts_with("cache_");
}

bool is_weight(const ggml_tensor* tensor) {
  return tensor->op == GGML_OP_NONE && (tensor->flags & GGML_TENSOR_FLAG_INPUT) == 0 &&
         !is_cache(tensor);
}

}  // namespace

void NodeLabels::clear() {
  labels_.clear();
  written_.clear();
}

void NodeLabels::add(const ggml_tensor* node, int32_t occurrence) {
  labels_[node] = crossval::label_of(node->name, ggml_op_name(node->op), occurrence);
}

// The node is a view of what it writes to, and its first source is what it writes.
void NodeLabels::note_write(const ggml_tensor* node) {
  const ggml_tensor* target = node->view_src;
  const bool writes = node->op == GGML_OP_CPY || !passes_on(node);
  if (writes && target != nullptr && is_cache(target) && node->src[0] != nullptr)
    written_[target] = label(origin(node->src[0]));
}

const ggml_tensor* NodeLabels::origin(const ggml_tensor* tensor) const {
  while (!labels_.contains(tensor) &&
         (passes_on(tensor) || (tensor->op == GGML_OP_CONT && tensor->src[0] != nullptr))) {
    tensor = tensor->src[0];
  }
  return tensor;
}

std::string NodeLabels::label(const ggml_tensor* origin) const {
  if (const auto found = labels_.find(origin); found != labels_.end()) return found->second;
  if (const auto found = written_.find(origin); found != written_.end()) return found->second;
  if (origin->op == GGML_OP_NONE) return origin->name;
  return std::string(origin->name) + " " + ggml_op_name(origin->op);
}

NodeSources NodeLabels::sources_of(const ggml_tensor* node) const {
  NodeSources sources;
  for (const ggml_tensor* source : node->src) {
    if (source == nullptr) continue;
    const ggml_tensor* from = origin(source);
    if (is_weight(from) && sources.weight.empty()) {
      sources.weight = from->name;
      continue;
    }
    std::string text = label(from);
    if (std::ranges::find(sources.inputs, text) == sources.inputs.end())
      sources.inputs.push_back(std::move(text));
  }
  return sources;
}

}  // namespace crossval_llama
