#include "quant/blocks32.h"

#include "quant/decode.h"
#include "quant/nonlinear.h"

namespace crossval {

template <class F>
void decode_blocks32(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const uint8_t*>(blocks);
  Codes32 unpacked;
  for (int64_t base = 0; base < elements; base += 32, block += F::kBytes) {
    F::unpack(block, unpacked);
    for (int i = 0; i < 32; ++i) {
      const float scaled = static_cast<float>(unpacked.codes[i]) * unpacked.d;
      out[base + i] = F::kHasMin ? scaled + unpacked.m : scaled;
    }
  }
}

template void decode_blocks32<Q4_0>(const std::byte*, float*, int64_t);
template void decode_blocks32<Q4_1>(const std::byte*, float*, int64_t);
template void decode_blocks32<Q5_0>(const std::byte*, float*, int64_t);
template void decode_blocks32<Q5_1>(const std::byte*, float*, int64_t);
template void decode_blocks32<Q8_0>(const std::byte*, float*, int64_t);
template void decode_blocks32<IQ4_NL>(const std::byte*, float*, int64_t);
template void decode_blocks32<MXFP4>(const std::byte*, float*, int64_t);

}  // namespace crossval
