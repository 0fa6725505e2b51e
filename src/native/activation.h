// The activation of a feed-forward network, on one row.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "model/architecture.h"

namespace crossval {

/// out[i] = act(gate[i]) · up[i], or act(gate[i]) where `up` is null. out may be gate.
/// docs/arithmetic.md defines the bits.
void activation(const KernelSet& kernels, Activation kind, const float* gate, const float* up,
                int64_t n, float* out);

}  // namespace crossval
