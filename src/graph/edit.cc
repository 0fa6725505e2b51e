#include "graph/edit.h"

#include <algorithm>
#include <utility>

namespace crossval {
namespace {

void replace_readers(Graph& graph, size_t from, ValueId old, ValueId now) {
  for (size_t i = from; i < graph.ops.size(); ++i)
    std::ranges::replace(graph.ops[i].inputs, old, now);
  if (graph.logits == old) graph.logits = now;
}

}  // namespace

void bypass(Graph& graph, size_t index) {
  const Op op = graph.ops[index];
  replace_readers(graph, index + 1, op.output, op.inputs.front());
  graph.ops.erase(graph.ops.begin() + static_cast<std::ptrdiff_t>(index));
  if (index < graph.head) --graph.head;
}

void append(Graph& graph, size_t index, Action action) {
  const ValueId old = graph.ops[index].output;
  const auto now = static_cast<ValueId>(graph.widths.size());
  graph.widths.push_back(graph.width(old));
  replace_readers(graph, index + 1, old, now);
  graph.ops.insert(
      graph.ops.begin() + static_cast<std::ptrdiff_t>(index) + 1,
      Op{std::move(action), {old}, now, graph.ops[index].layer, graph.ops[index].role});
  if (index < graph.head) ++graph.head;
}

size_t last_of(const Graph& graph, Role role, int64_t layer) {
  for (size_t i = graph.ops.size(); i-- > 0;)
    if (graph.ops[i].role == role && graph.ops[i].layer == layer) return i;
  return graph.ops.size();
}

}  // namespace crossval
