// The hot loops, once per instruction set, chosen at run time. Every set gives the same bits: the
// arithmetic is defined on eight lanes (docs/arithmetic.md), and "scalar" is those lanes in plain
// C++.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"
#include "quant/activation.h"
#include "quant/format.h"

namespace crossval {

/// A tile of a product: out[p * out_stride + r] = dot(weight row r, packed activation row p) for
/// r < rows and p < positions, rows of n values. Weight rows lie w_stride bytes apart, activation
/// rows a_stride bytes apart. `activations` were packed with the weight format's activation type.
using TileFn = void (*)(const std::byte* weights, int64_t w_stride, int64_t rows,
                        const std::byte* activations, int64_t a_stride, int64_t positions,
                        int64_t n, float* out, int64_t out_stride);

/// Packs one row of n activations (see quant/activation.h).
using PackFn = void (*)(const float* x, int64_t n, std::byte* out);

struct KernelSet {
  std::string_view name;         // "scalar", "avx2"
  std::string_view description;  // instruction sets used
  bool (*supported)();           // by the processor and the operating system, now

  TileFn (*tile)(WeightType type);  // never null for a type in weight_formats()
  PackFn (*pack)(ActivationType type);

  /// x[0..n) -> softmax in place: x - max, exp, sum, scale. n > 0. -inf entries become 0. `sink` is
  /// one more logit, whose share is dropped; -inf: none.
  void (*softmax)(float* x, int64_t n, float sink);
  /// out[i] = silu(gate[i]) * up[i]; out may be gate.
  void (*swiglu)(const float* gate, const float* up, float* out, int64_t n);
};

/// All sets built into this program, slowest first ("scalar" is always there).
std::span<const KernelSet* const> kernel_sets();

/// The best supported set, or the one that CROSSVAL_KERNELS names. Errors (usage): that name is
/// unknown or the processor lacks it; the message lists what is there.
Result<const KernelSet*> choose_kernels();

}  // namespace crossval
