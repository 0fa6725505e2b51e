#include "graph/last_uses.h"

namespace crossval {

std::vector<size_t> last_uses(const Graph& graph) {
  std::vector<size_t> last(graph.widths.size());
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    last[static_cast<size_t>(graph.ops[i].output)] = i;
    for (const ValueId input : graph.ops[i].inputs) last[static_cast<size_t>(input)] = i;
  }
  last[static_cast<size_t>(graph.logits)] = graph.ops.size();
  return last;
}

std::vector<bool> made_before_head(const Graph& graph) {
  std::vector<bool> body(graph.widths.size());
  for (size_t i = 0; i < graph.head; ++i) body[static_cast<size_t>(graph.ops[i].output)] = true;
  return body;
}

}  // namespace crossval
