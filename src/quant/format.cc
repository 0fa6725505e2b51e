#include "quant/format.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "quant/blocks32.h"
#include "quant/decode.h"
#include "quant/i2s.h"
#include "quant/iq1_quants.h"
#include "quant/iq_quants.h"
#include "quant/k_quants.h"
#include "quant/low_bits.h"
#include "quant/nonlinear.h"
#include "quant/ternary.h"

namespace crossval {
namespace {

using enum WeightType;
using A = ActivationType;

// In id order: type, name, values per block, bytes per block, partner in a product, decoder, bytes
// behind the last row.
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
    {iq2_xxs, "IQ2_XXS", 256, IQ2_XXS::kBytes, A::q8_k, decode_scaled256<IQ2_XXS>},
    {iq2_xs, "IQ2_XS", 256, IQ2_XS::kBytes, A::q8_k, decode_scaled256<IQ2_XS>},
    {iq3_xxs, "IQ3_XXS", 256, IQ3_XXS::kBytes, A::q8_k, decode_scaled256<IQ3_XXS>},
    {iq1_s, "IQ1_S", 256, IQ1_S::kBytes, A::q8_k, decode_iq1<IQ1_S>},
    {iq4_nl, "IQ4_NL", 32, IQ4_NL::kBytes, A::q8_0, decode_blocks32<IQ4_NL>},
    {iq3_s, "IQ3_S", 256, IQ3_S::kBytes, A::q8_k, decode_scaled256<IQ3_S>},
    {iq2_s, "IQ2_S", 256, IQ2_S::kBytes, A::q8_k, decode_scaled256<IQ2_S>},
    {iq4_xs, "IQ4_XS", 256, IQ4_XS::kBytes, A::q8_k, decode_scaled256<IQ4_XS>},
    {iq1_m, "IQ1_M", 256, IQ1_M::kBytes, A::q8_k, decode_iq1<IQ1_M>},
    {bf16, "BF16", 1, 2, A::bf16, decode_bf16},
    {tq1_0, "TQ1_0", 256, TQ1_0::kBytes, A::q8_k, decode_scaled256<TQ1_0>},
    {tq2_0, "TQ2_0", 256, TQ2_0::kBytes, A::q8_k, decode_scaled256<TQ2_0>},
    {i2_s, "I2_S", 128, I2_S::kBytes, A::i8_s, decode_i2_s, I2_S::kTailBytes},
    {mxfp4, "MXFP4", 32, MXFP4::kBytes, A::q8_0, decode_blocks32<MXFP4>},
    {nvfp4, "NVFP4", 64, NVFP4::kBytes, A::q8_0, decode_nvfp4},
    {q1_0, "Q1_0", 128, Q1_0::kBytes, A::q8_0, decode_low_bits<Q1_0, 128>},
    {q2_0, "Q2_0", 64, Q2_0::kBytes, A::q8_0, decode_low_bits<Q2_0, 64>},
};

}  // namespace

float WeightFormat::tensor_scale(const std::byte* data, int64_t elements) const {
  float scale = 1.0F;
  if (tail_bytes > 0) std::memcpy(&scale, data + row_bytes(elements), sizeof scale);
  return scale;
}

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
