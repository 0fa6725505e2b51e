// When a value is read for the last time: its memory is free from then on.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/op.h"

namespace crossval {

/// By value, the operation that reads it last; that which writes it, when nobody does; ops.size()
/// for the logits.
std::vector<size_t> last_uses(const Graph& graph);

}  // namespace crossval
