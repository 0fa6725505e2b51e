#include "quant/decode.h"
#include "quant/i2s.h"
#include "quant/low_bits.h"
#include "quant/nonlinear.h"

namespace crossval {

void decode_i2_s(const std::byte* blocks, float* out, int64_t elements) {
  const auto* row = reinterpret_cast<const uint8_t*>(blocks);
  for (int64_t i = 0; i < elements; ++i) out[i] = static_cast<float>(I2_S::value(row, i));
}

void decode_nvfp4(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const uint8_t*>(blocks);
  float scales[4];
  int8_t codes[64];
  for (int64_t base = 0; base < elements; base += 64, block += NVFP4::kBytes) {
    NVFP4::unpack(block, scales, codes);
    for (int i = 0; i < 64; ++i) {
      const int group = i / 16;
      out[base + i] = scales[group] * static_cast<float>(codes[i]);
    }
  }
}

/// F: Q1_0, Q2_0.
template <class F, int kElements>
void decode_low_bits(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const uint8_t*>(blocks);
  int8_t codes[kElements];
  for (int64_t base = 0; base < elements; base += kElements, block += F::kBytes) {
    const float d = F::unpack(block, codes);
    for (int i = 0; i < kElements; ++i) out[base + i] = static_cast<float>(codes[i]) * d;
  }
}

template void decode_low_bits<Q1_0, 128>(const std::byte*, float*, int64_t);
template void decode_low_bits<Q2_0, 64>(const std::byte*, float*, int64_t);

}  // namespace crossval
