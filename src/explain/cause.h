// Which known mistake an operation makes: each is tried on the engine's own inputs.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/thread_pool.h"
#include "explain/arithmetic.h"
#include "explain/judge.h"
#include "graph/op.h"
#include "results/explanation.h"

namespace crossval {

/// Tries all mistakes on one operation. A mistake reproduces it when what it makes of what the
/// engine showed is within the limit of what the engine made of it, in every chunk where it can be
/// tried.
class CauseSearch {
 public:
  /// Graph and pool are kept by reference.
  CauseSearch(const Graph& graph, size_t op, const EngineArithmetic& arithmetic, ThreadPool& pool);

  /// The operation in one chunk.
  void look(const Judge::Sight& sight);

  /// Fills in the causes, best first, and how many mistakes were tried.
  void finish(Explanation& result) const;

 private:
  const Graph& graph_;
  size_t op_;
  /// What the engine computes in; a second one where it is not known how it would make a
  /// GELU, or another form of it.
  std::vector<EngineArithmetic> arithmetics_;
  ThreadPool& pool_;
  std::vector<std::optional<double>> tried_;  // by mistake: units left in the worst chunk
};

}  // namespace crossval
