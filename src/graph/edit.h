// Changes of a graph that keep it whole: what mistakes are made of.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "graph/op.h"

namespace crossval {

/// Readers of the operation's output read its input number `instead`; the operation is taken out.
void bypass(Graph& graph, size_t op, size_t instead = 0);

/// Puts an operation in front of the one at `at`; in front of the head's first it is the body's.
/// Nobody reads its output yet, a value of that width.
ValueId insert(Graph& graph, size_t at, Op op, int64_t width);

/// Puts an operation on the output of `op` behind it, of the same width and layer and, where none
/// is given, role; all readers then read its output.
void append(Graph& graph, size_t op, Action action, std::optional<Role> role = {});

/// Of operations that each read the one before, all of one width: those from `middle` on come
/// before those from `first` on.
void swap_neighbours(Graph& graph, size_t first, size_t middle, size_t end);

/// Readers from the operation `from` on, and the graph itself, read `now` in the place of `old`.
void replace_readers(Graph& graph, size_t from, ValueId old, ValueId now);

/// The first or last operation of a role in a layer; ops.size() when there is none.
size_t first_of(const Graph& graph, Role role, int64_t layer);
size_t last_of(const Graph& graph, Role role, int64_t layer);

/// The operation that writes a value.
size_t writer_of(const Graph& graph, ValueId value);

/// One more than the last layer that has an operation.
int64_t layers_of(const Graph& graph);

/// Weights that the graph and its copies own.
const std::byte* own(Graph& graph, std::vector<std::byte> bytes);
Vector own(Graph& graph, const std::vector<float>& values, std::string_view name);

}  // namespace crossval
