// Which experts each position goes to, and with what weight.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/op.h"
#include "kernels/kernels.h"

namespace crossval {

/// Logits of a row of n experts become what the position gives each, in place.
void route_probabilities(const KernelSet& kernels, Gating gating, float* row, int64_t n);

/// The numbers of the `choice.used` best of n experts, best first, and what the position gives
/// them. `probability` has n values; `expert` and `weight` have room for the used ones. `ranking`,
/// if it is not null, gets the numbers of all n, as floats.
void choose_experts(const ChooseExperts& choice, const float* probability, int64_t n,
                    int32_t* expert, float* weight, float* ranking);

/// What a position gives its `used` chosen experts becomes their weights, in place.
void weigh_chosen(const KernelSet& kernels, const WeighChosen& how, float* weights, int64_t used);

}  // namespace crossval
