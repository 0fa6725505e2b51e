// The vector operations of the kernel sets, one namespace per instruction set. Definitions:
// docs/arithmetic.md.
#pragma once

#include <cstdint>

namespace crossval::scalar {
void softmax(float* x, int64_t n, float sink);
void swiglu(const float* gate, const float* up, float* out, int64_t n);
}  // namespace crossval::scalar

namespace crossval::avx2 {
void softmax(float* x, int64_t n, float sink);
void swiglu(const float* gate, const float* up, float* out, int64_t n);
}  // namespace crossval::avx2
