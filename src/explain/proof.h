// The causal proof: canonical arithmetic goes on from the guilty value, or makes the mistake, and
// its logits say how much of the difference goes with that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "explain/account.h"
#include "graph/op.h"
#include "local/computation.h"
#include "model/hparams.h"
#include "results/explanation.h"

namespace crossval {

/// Makes what computes a graph, which is kept by reference, in canonical llama.cpp's arithmetic.
/// `half`: keys and values are cached in F16, else in F32.
using CanonicalArithmetic = std::function<Result<std::unique_ptr<Computation>>(
    const Graph& graph, const Hparams& hparams, bool half)>;

/// The graph with values that are not computed but given, of a prompt of `positions`. A choice of
/// experts, which is no value, and values that are not there for all positions that are needed
/// (all; of the head's the last) are computed.
Graph with_values(const Graph& graph, const EngineValues& values, int64_t positions);

/// What went wrong, and what the engines made of the last position.
struct Suspect {
  size_t op = 0;                         // the first that is off
  EngineValues values;                   // the guilty engine's, of what is off in its layer
  std::span<const float> guilty, other;  // the engines' logits
  bool in_several_layers = false;        // something is
  std::span<const int64_t> chunks{};     // first positions of the guilty engine's; none: one chunk
};

/// Errors: those of the arithmetic; interrupted.
Result<CausalProof> prove(const Graph& graph, const Hparams& hparams,
                          const CanonicalArithmetic& canonical, bool half,
                          std::span<const TokenId> ids, const Suspect& suspect,
                          const std::vector<FoundCause>& causes, const std::stop_token& stop);

}  // namespace crossval
