// Planted faults: mistakes that were asked for by name (native:fault=NAME), so that the comparison
// can be tested on something known. Printed in the engine's identity, never on by default.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "graph/op.h"

namespace crossval {

/// The one fault that is no mistake of a graph: to tokenise without the BOS that the model asks
/// for. Whoever tokenises sees to it.
inline constexpr std::string_view kMissingBos = "missing-bos";

/// Plants NAME or, in one layer alone, NAME@LAYER. Errors (usage, without a place): no such fault,
/// and the hint lists them all; no layer of a model; nothing in the graph that it could break.
Result<void> plant_fault(std::string_view fault, Graph& graph);

}  // namespace crossval
