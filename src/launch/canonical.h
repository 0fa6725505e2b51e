// The arithmetic of canonical llama.cpp over a graph of the caller's.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "graph/op.h"
#include "local/computation.h"
#include "model/hparams.h"

namespace crossval {

/// `graph`, of a model with these numbers, is kept by reference. `half`: keys and values are cached
/// in F16, else in F32. Errors: usage (kernels that are not there), out of memory.
Result<std::unique_ptr<Computation>> canonical_computation(const Graph& graph,
                                                           const Hparams& hparams, bool half,
                                                           int64_t n_ctx, int threads);

}  // namespace crossval
