#include <bit>

#include "base/float16.h"
#include "quant/bytes.h"
#include "quant/decode.h"

namespace crossval {

void decode_f32(const std::byte* blocks, float* out, int64_t elements) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(blocks);
  for (int64_t i = 0; i < elements; ++i) out[i] = std::bit_cast<float>(load_u32(bytes + 4 * i));
}

void decode_f16(const std::byte* blocks, float* out, int64_t elements) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(blocks);
  for (int64_t i = 0; i < elements; ++i) out[i] = load_f16(bytes + 2 * i);
}

void decode_bf16(const std::byte* blocks, float* out, int64_t elements) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(blocks);
  for (int64_t i = 0; i < elements; ++i) out[i] = bf16_to_f32(load_u16(bytes + 2 * i));
}

}  // namespace crossval
