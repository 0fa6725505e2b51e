// How long values are needed: until they are read for the last time, or for all blocks of the head.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/op.h"

namespace crossval {

/// By value, the operation that reads it last; that which writes it, when nobody does; ops.size()
/// for the logits.
std::vector<size_t> last_uses(const Graph& graph);

/// By value, whether it is made before the head, which is computed for some positions at a time.
std::vector<bool> made_before_head(const Graph& graph);

}  // namespace crossval
