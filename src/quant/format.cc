#include "quant/format.h"

#include <algorithm>
#include <cctype>

#include "quant/blocks32.h"
#include "quant/decode.h"
#include "quant/k_quants.h"

namespace crossval {
namespace {

using enum WeightType;
using A = ActivationType;

// In id order: type, name, values per block, bytes per block, partner in a product, decoder.
constexpr WeightFormat kFormats[] = {
    {f32, "F32", 1, 4, A::f32, decode_f32},
    {f16, "F16", 1, 2, A::f16, decode_f16},
    {q4_0, "Q4_0", 32, Q4_0::kBytes, A::q8_0, decode_blocks32<Q4_0>},
    {q4_1, "Q4_1", 32, Q4_1::kBytes, A::q8_1, decode_blocks32<Q4_1>},
    {q5_0, "Q5_0", 32, Q5_0::kBytes, A::q8_0, decode_blocks32<Q5_0>},
    {q5_1, "Q5_1", 32, Q5_1::kBytes, A::q8_1, decode_blocks32<Q5_1>},
    {q8_0, "Q8_0", 32, Q8_0::kBytes, A::q8_0, decode_blocks32<Q8_0>},
    {q2_k, "Q2_K", 256, Q2_K::kBytes, A::q8_k, decode_k_quants<Q2_K>},
    {q3_k, "Q3_K", 256, Q3_K::kBytes, A::q8_k, decode_k_quants<Q3_K>},
    {q4_k, "Q4_K", 256, Q4_K::kBytes, A::q8_k, decode_k_quants<Q4_K>},
    {q5_k, "Q5_K", 256, Q5_K::kBytes, A::q8_k, decode_k_quants<Q5_K>},
    {q6_k, "Q6_K", 256, Q6_K::kBytes, A::q8_k, decode_k_quants<Q6_K>},
    {bf16, "BF16", 1, 2, A::bf16, decode_bf16},
};

}  // namespace

std::span<const WeightFormat> weight_formats() { return kFormats; }

const WeightFormat* find_weight_format(uint32_t type_id) {
  for (const WeightFormat& format : kFormats) {
    if (static_cast<uint32_t>(format.type) == type_id) return &format;
  }
  return nullptr;
}

const WeightFormat* find_weight_format(std::string_view name) {
  const auto same_letter = [](unsigned char a, unsigned char b) {
    return std::toupper(a) == std::toupper(b);
  };
  for (const WeightFormat& format : kFormats) {
    if (std::ranges::equal(format.name, name, same_letter)) return &format;
  }
  return nullptr;
}

const WeightFormat& weight_format(WeightType type) {
  return *find_weight_format(static_cast<uint32_t>(type));
}

}  // namespace crossval
