// Which experts each position goes to, and with what weight.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernels.h"
#include "model/hparams.h"
#include "model/weights.h"

namespace crossval {

struct Route {
  int64_t used = 0;             // experts of a position
  std::vector<int32_t> expert;  // positions × used, best first
  std::vector<float> weight;    // the same
  // For whoever looks: positions × n_expert, and the weights before they were normalised.
  std::vector<float> probabilities;
  std::vector<float> selected;
};

/// Routes `positions` rows of n_expert router logits. `selection_bias` (n_expert) takes part in the
/// choice only; may be absent.
Route route(const KernelSet& kernels, const Hparams& hparams, const Vector& selection_bias,
            const std::vector<float>& logits, int64_t positions);

/// Multiplies the experts' outputs (positions × used × width) by their weights, in place, and sums
/// them per position, best expert first.
void sum_experts(const Route& route, int64_t width, float* outputs, float* sums);

}  // namespace crossval
