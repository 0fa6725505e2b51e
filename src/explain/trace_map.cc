#include "explain/trace_map.h"

#include <utility>

namespace crossval {
namespace {

constexpr const char* kFusedAttention = "FLASH_ATTN_EXT";

}  // namespace

TraceMap::TraceMap(const Graph& graph, const std::vector<OpNames>& names)
    : labels_(graph.ops.size()) {
  std::map<std::pair<std::string, std::string>, std::vector<size_t>> by_name;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (std::holds_alternative<Attend>(graph.ops[i].action)) attends_.push_back(i);
    for (const NodeName* inner : {&names[i].scores, &names[i].probabilities})
      if (!inner->name.empty()) inner_.insert(label_of(inner->name, inner->op, inner->occurrence));
    if (const NodeName& ranking = names[i].ranking; !ranking.name.empty())
      rankings_[label_of(ranking.name, ranking.op, ranking.occurrence)] = i;
    const NodeName& name = names[i].result;
    if (name.name.empty()) continue;
    labels_[i] = label_of(name.name, name.op, name.occurrence);
    ops_[labels_[i]] = i;
    by_name[{name.name, name.op}].push_back(i);
  }
  for (auto& [name, ops] : by_name)
    if (ops.size() > 1) namesakes_.push_back(std::move(ops));
}

std::optional<size_t> TraceMap::op_of(const TraceTensor& tensor) {
  if (tensor.op == kFusedAttention) {
    const auto [at, is_new] = fused_.try_emplace(tensor.name, fused_.size());
    if (at->second >= attends_.size()) return std::nullopt;
    return attends_[at->second];
  }
  const auto found = ops_.find(label_of(tensor.name, tensor.op, tensor.occurrence));
  if (found == ops_.end()) return std::nullopt;
  return found->second;
}

bool TraceMap::is_inner(const TraceTensor& tensor) const {
  return inner_.contains(label_of(tensor.name, tensor.op, tensor.occurrence));
}

std::optional<size_t> TraceMap::ranked_by(const TraceTensor& tensor) const {
  const auto found = rankings_.find(label_of(tensor.name, tensor.op, tensor.occurrence));
  if (found == rankings_.end()) return std::nullopt;
  return found->second;
}

}  // namespace crossval
