#include "quant/k_quants.h"

#include "quant/decode.h"

namespace crossval {

template <class F>
void decode_k_quants(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const uint8_t*>(blocks);
  Codes256 unpacked;
  for (int64_t base = 0; base < elements; base += 256, block += F::kBytes) {
    F::unpack(block, unpacked);
    for (int i = 0; i < 256; ++i) {
      const int group = i / 16;
      const float scale = unpacked.d * static_cast<float>(unpacked.scale[group]);
      const float scaled = scale * static_cast<float>(unpacked.codes[i]);
      const float min = unpacked.dmin * static_cast<float>(unpacked.min[group]);
      out[base + i] = F::kHasMin ? scaled - min : scaled;
    }
  }
}

template void decode_k_quants<Q2_K>(const std::byte*, float*, int64_t);
template void decode_k_quants<Q3_K>(const std::byte*, float*, int64_t);
template void decode_k_quants<Q4_K>(const std::byte*, float*, int64_t);
template void decode_k_quants<Q5_K>(const std::byte*, float*, int64_t);
template void decode_k_quants<Q6_K>(const std::byte*, float*, int64_t);

}  // namespace crossval
