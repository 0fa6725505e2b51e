#include "quant/decode.h"
#include "quant/iq1_quants.h"
#include "quant/iq_quants.h"
#include "quant/nonlinear.h"
#include "quant/ternary.h"

namespace crossval {

/// value = ((d * factor) * scale) * code.
template <class F>
void decode_scaled256(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const uint8_t*>(blocks);
  Codes256 unpacked;
  for (int64_t base = 0; base < elements; base += 256, block += F::kBytes) {
    F::unpack(block, unpacked);
    for (int i = 0; i < 256; ++i) {
      const int group = i / 16;
      const float scale = (unpacked.d * F::kFactor) * static_cast<float>(unpacked.scale[group]);
      out[base + i] = scale * static_cast<float>(unpacked.codes[i]);
    }
  }
}

template <class F>
void decode_iq1(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const uint8_t*>(blocks);
  CodesIq1 unpacked;
  for (int64_t base = 0; base < elements; base += 256, block += F::kBytes) {
    F::unpack(block, unpacked);
    for (int i = 0; i < 256; ++i) {
      const int scale_group = i / 16;
      const int shift_group = i / 8;
      const float scale = unpacked.d * static_cast<float>(unpacked.scale[scale_group]);
      const float shift = static_cast<float>(unpacked.shift[shift_group]) * 0.125F;
      out[base + i] = scale * (static_cast<float>(unpacked.codes[i]) + shift);
    }
  }
}

template void decode_scaled256<TQ1_0>(const std::byte*, float*, int64_t);
template void decode_scaled256<TQ2_0>(const std::byte*, float*, int64_t);
template void decode_scaled256<IQ2_XXS>(const std::byte*, float*, int64_t);
template void decode_scaled256<IQ2_XS>(const std::byte*, float*, int64_t);
template void decode_scaled256<IQ2_S>(const std::byte*, float*, int64_t);
template void decode_scaled256<IQ3_XXS>(const std::byte*, float*, int64_t);
template void decode_scaled256<IQ3_S>(const std::byte*, float*, int64_t);
template void decode_scaled256<IQ4_XS>(const std::byte*, float*, int64_t);
template void decode_iq1<IQ1_S>(const std::byte*, float*, int64_t);
template void decode_iq1<IQ1_M>(const std::byte*, float*, int64_t);

}  // namespace crossval
