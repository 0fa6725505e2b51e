// What every supported architecture computes, as a list of operations. Read decoder.cc top to
// bottom: embed, layer, attention, feed_forward, head. What differs between architectures is data
// (model/architecture.h) and which weights the file has; one that data does not say has a builder
// of its own (minicpm3.h).
#pragma once

#include <cstdint>

#include "graph/op.h"
#include "model/model.h"

namespace crossval {

/// The operations of a decoder-only transformer with room for `n_ctx` positions (where RoPE's
/// factors depend on it). The weights are views: the graph lives no longer than the model.
Graph build_decoder(const Model& model, int64_t n_ctx);

}  // namespace crossval
