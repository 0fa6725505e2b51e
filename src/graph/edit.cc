#include "graph/edit.h"

#include <algorithm>
#include <span>
#include <utility>

namespace crossval {

void replace_readers(Graph& graph, size_t from, ValueId old, ValueId now) {
  for (size_t i = from; i < graph.ops.size(); ++i)
    std::ranges::replace(graph.ops[i].inputs, old, now);
  if (graph.logits == old) graph.logits = now;
}

void bypass(Graph& graph, size_t index, size_t instead) {
  const Op op = graph.ops[index];
  replace_readers(graph, index + 1, op.output, op.inputs[instead]);
  graph.ops.erase(graph.ops.begin() + static_cast<std::ptrdiff_t>(index));
  if (index < graph.head) --graph.head;
}

ValueId insert(Graph& graph, size_t at, Op op, int64_t width) {
  op.output = static_cast<ValueId>(graph.widths.size());
  graph.widths.push_back(width);
  const ValueId output = op.output;
  graph.ops.insert(graph.ops.begin() + static_cast<std::ptrdiff_t>(at), std::move(op));
  if (at <= graph.head) ++graph.head;
  return output;
}

void append(Graph& graph, size_t index, Action action, std::optional<Role> role) {
  const Op& op = graph.ops[index];
  const ValueId old = op.output;
  const ValueId now =
      insert(graph, index + 1, {std::move(action), {old}, -1, op.layer, role.value_or(op.role)},
             graph.width(old));
  replace_readers(graph, index + 2, old, now);
}

void swap_neighbours(Graph& graph, size_t first, size_t middle, size_t end) {
  const auto at = [&](size_t i) { return graph.ops.begin() + static_cast<std::ptrdiff_t>(i); };
  const ValueId x = graph.ops[first].inputs.front();
  const ValueId a = graph.ops[middle - 1].output;
  const ValueId b = graph.ops[end - 1].output;
  replace_readers(graph, end, b, a);
  graph.ops[first].inputs.front() = b;
  graph.ops[middle].inputs.front() = x;
  std::rotate(at(first), at(middle), at(end));
}

size_t first_of(const Graph& graph, Role role, int64_t layer) {
  size_t i = 0;
  while (i < graph.ops.size() && (graph.ops[i].role != role || graph.ops[i].layer != layer)) ++i;
  return i;
}

size_t last_of(const Graph& graph, Role role, int64_t layer) {
  for (size_t i = graph.ops.size(); i-- > 0;)
    if (graph.ops[i].role == role && graph.ops[i].layer == layer) return i;
  return graph.ops.size();
}

size_t writer_of(const Graph& graph, ValueId value) {
  size_t i = 0;
  while (i < graph.ops.size() && graph.ops[i].output != value) ++i;
  return i;
}

int64_t layers_of(const Graph& graph) {
  int64_t last = -1;
  for (const Op& op : graph.ops) last = std::max(last, op.layer);
  return last + 1;
}

const std::byte* own(Graph& graph, std::vector<std::byte> bytes) {
  graph.owned.push_back(std::make_shared<const std::vector<std::byte>>(std::move(bytes)));
  return graph.owned.back()->data();
}

Vector own(Graph& graph, const std::vector<float>& values, std::string_view name) {
  const auto bytes = std::as_bytes(std::span(values));
  const std::byte* data = own(graph, {bytes.begin(), bytes.end()});
  return {reinterpret_cast<const float*>(data), static_cast<int64_t>(values.size()), name};
}

}  // namespace crossval
