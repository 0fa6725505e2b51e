// Well-known mistakes of engines and converters, as edits of a graph: one table, from which faults
// are planted (faults.h) and causes are tried. docs/mistakes.md lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "graph/op.h"

namespace crossval {

/// Which operations a mistake may bend. Without a layer: every one that it concerns, or, where one
/// is enough to be wrong, that of the first or middle layer. Without a role: those it names.
struct Scope {
  std::optional<int64_t> layer{};
  std::optional<Role> role{};
};

struct Mistake {
  std::string_view name;
  std::string_view what;   // one phrase: what the engine does
  std::string_view needs;  // what a model must have, to fill "a model with …"
  /// Makes the mistake; false, and the graph as it was, where there is nothing to bend in scope.
  /// Changed weights are the graph's own: the model that it was built from stays as it is.
  bool (*edit)(Graph& graph, const Scope& scope);
  /// It rounds otherwise than declared. Made everywhere that is an arithmetic of its own, and wrong
  /// only beside others.
  bool rounds = false;
};

/// All of them, by what they bend, in the order of the docs.
std::span<const Mistake> mistakes();

/// Null when there is none of that name.
const Mistake* find_mistake(std::string_view name);

}  // namespace crossval
