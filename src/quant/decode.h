// The decoders behind weight_formats(): the truth that kernels are tested against. Each value is
// formed in f32 by the operations its format's header states, in that order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace crossval {

void decode_f32(const std::byte* blocks, float* out, int64_t elements);
void decode_f16(const std::byte* blocks, float* out, int64_t elements);
void decode_bf16(const std::byte* blocks, float* out, int64_t elements);

/// F: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0.
template <class F>
void decode_blocks32(const std::byte* blocks, float* out, int64_t elements);

/// F: Q2_K … Q6_K.
template <class F>
void decode_k_quants(const std::byte* blocks, float* out, int64_t elements);

}  // namespace crossval
