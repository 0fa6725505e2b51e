// The scalar set: any processor, and the definition that the other sets are tested against.
#include "kernels/scalar/blocks32.h"
#include "kernels/scalar/floats.h"
#include "kernels/scalar/i2s.h"
#include "kernels/scalar/k_quants.h"
#include "kernels/scalar/small_blocks.h"
#include "kernels/scalar/superblocks.h"
#include "kernels/sets.h"
#include "kernels/vector_ops.h"

namespace crossval {
namespace {

using namespace scalar;

struct Entry {
  WeightType type;
  TileFn tile;
};

constexpr Entry kTiles[] = {
    {WeightType::f32, tile<DotF32>},
    {WeightType::f16, tile<DotF16>},
    {WeightType::bf16, tile<DotBF16>},
    {WeightType::q4_0, tile<SignedDot32<Q4_0>>},
    {WeightType::q4_1, tile<MinDot32<Q4_1>>},
    {WeightType::q5_0, tile<SignedDot32<Q5_0>>},
    {WeightType::q5_1, tile<MinDot32<Q5_1>>},
    {WeightType::q8_0, tile<SignedDot32<Q8_0>>},
    {WeightType::q2_k, tile<DotQ2_K>},
    {WeightType::q3_k, tile<DotQ3_K>},
    {WeightType::q4_k, tile<DotQ4_K>},
    {WeightType::q5_k, tile<DotQ5_K>},
    {WeightType::q6_k, tile<DotQ6_K>},
    {WeightType::iq2_xxs, tile<DotScaled256<IQ2_XXS>>},
    {WeightType::iq2_xs, tile<DotScaled256<IQ2_XS>>},
    {WeightType::iq2_s, tile<DotScaled256<IQ2_S>>},
    {WeightType::iq3_xxs, tile<DotScaled256<IQ3_XXS>>},
    {WeightType::iq3_s, tile<DotScaled256<IQ3_S>>},
    {WeightType::iq1_s, tile<DotIQ1_S>},
    {WeightType::iq1_m, tile<DotIQ1_M>},
    {WeightType::iq4_nl, tile<DotPairs32<IQ4_NL>>},
    {WeightType::iq4_xs, tile<DotScaled256<IQ4_XS>>},
    {WeightType::tq1_0, tile<DotTernary<TQ1_0>>},
    {WeightType::tq2_0, tile<DotTernary<TQ2_0>>},
    {WeightType::i2_s, tile<DotI2_S>},
    {WeightType::mxfp4, tile<DotPairs32<MXFP4>>},
    {WeightType::nvfp4, tile<DotNVFP4>},
    {WeightType::q1_0, tile<DotQ1_0>},
    {WeightType::q2_0, tile<DotQ2_0>},
};

TileFn find_tile(WeightType type) {
  for (const Entry& entry : kTiles) {
    if (entry.type == type) return entry.tile;
  }
  return nullptr;
}

template <ActivationType kType>
void pack(const float* x, int64_t n, std::byte* out) {
  pack_row_scalar(kType, x, n, out);
}

PackFn find_pack(ActivationType type) {
  switch (type) {
    case ActivationType::f32:
      return pack<ActivationType::f32>;
    case ActivationType::f16:
      return pack<ActivationType::f16>;
    case ActivationType::bf16:
      return pack<ActivationType::bf16>;
    case ActivationType::q8_0:
      return pack<ActivationType::q8_0>;
    case ActivationType::q8_1:
      return pack<ActivationType::q8_1>;
    case ActivationType::q8_k:
      return pack<ActivationType::q8_k>;
    case ActivationType::i8_s:
      return pack<ActivationType::i8_s>;
  }
  return nullptr;
}

}  // namespace

const KernelSet kScalarKernels = {
    .name = "scalar",
    .description = "plain C++, any processor",
    .supported = [] { return true; },
    .tile = find_tile,
    .pack = find_pack,
    .softmax = softmax,
    .swiglu = swiglu,
};

}  // namespace crossval
