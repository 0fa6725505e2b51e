// The decoders behind weight_formats(): the truth that kernels are tested against. Each value is
// formed in f32 by the operations its format's header states, in that order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace crossval {

void decode_f32(const std::byte* blocks, float* out, int64_t elements);
void decode_f16(const std::byte* blocks, float* out, int64_t elements);
void decode_bf16(const std::byte* blocks, float* out, int64_t elements);

/// F: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, MXFP4.
template <class F>
void decode_blocks32(const std::byte* blocks, float* out, int64_t elements);

/// F: Q2_K … Q6_K.
template <class F>
void decode_k_quants(const std::byte* blocks, float* out, int64_t elements);

/// F: TQ1_0, TQ2_0, IQ2_XXS … IQ3_S, IQ4_XS.
template <class F>
void decode_scaled256(const std::byte* blocks, float* out, int64_t elements);

/// F: IQ1_S, IQ1_M.
template <class F>
void decode_iq1(const std::byte* blocks, float* out, int64_t elements);

/// Layout x86 (quant/i2s.h), without the tensor's scale.
void decode_i2_s(const std::byte* blocks, float* out, int64_t elements);

void decode_nvfp4(const std::byte* blocks, float* out, int64_t elements);

/// F: Q1_0 (128 values), Q2_0 (64).
template <class F, int kElements>
void decode_low_bits(const std::byte* blocks, float* out, int64_t elements);

}  // namespace crossval
