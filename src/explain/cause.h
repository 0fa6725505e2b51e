// Which known mistake an operation makes: each is tried on the engine's own inputs.
#pragma once

#include <cstddef>

#include "base/thread_pool.h"
#include "explain/arithmetic.h"
#include "explain/judge.h"
#include "graph/op.h"
#include "results/explanation.h"

namespace crossval {

/// Fills in result.causes and how many were tried. A mistake reproduces the operation when what it
/// makes of what the engine showed is within `limit` units of what the engine made of it.
void find_causes(const Graph& graph, size_t op, const Judge::Sight& sight,
                 const EngineArithmetic& arithmetic, double limit, ThreadPool& pool,
                 Explanation& result);

}  // namespace crossval
