// Changes of a graph that keep it whole: what planted faults are made of.
#pragma once

#include <cstddef>

#include "graph/op.h"

namespace crossval {

/// Calls change(action) for each operation of the kind T.
template <class T, class Change>
void for_each(Graph& graph, const Change& change) {
  for (Op& op : graph.ops)
    if (T* action = std::get_if<T>(&op.action)) change(*action);
}

/// Readers of the operation's output read its first input instead; the operation is taken out.
void bypass(Graph& graph, size_t op);

/// Puts an operation on the output of `op` behind it, of the same role, width and layer; all
/// readers then read its output.
void append(Graph& graph, size_t op, Action action);

/// The last operation of a role in a layer; ops.size() when there is none.
size_t last_of(const Graph& graph, Role role, int64_t layer);

}  // namespace crossval
