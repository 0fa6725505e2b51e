// MiniCPM 3: a llama with latent attention and MiniCPM's three scales.
#pragma once

#include "graph/op.h"
#include "model/model.h"

namespace crossval {

/// As build_decoder.
Graph build_minicpm3(const Model& model, int64_t n_ctx);

}  // namespace crossval
