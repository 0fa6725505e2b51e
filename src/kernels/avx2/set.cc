// The AVX2 set: 256-bit kernels with FMA, F16C and BMI2. This file is compiled without those flags:
// it must run on any processor to say whether the others may.
#include "kernels/avx2/tiles.h"
#include "kernels/sets.h"
#include "kernels/vector_ops.h"

namespace crossval {
namespace {

struct Entry {
  WeightType type;
  const TileFn* tile;
};

constexpr Entry kTiles[] = {
    {WeightType::f32, &avx2::tile_f32},         {WeightType::f16, &avx2::tile_f16},
    {WeightType::bf16, &avx2::tile_bf16},       {WeightType::q4_0, &avx2::tile_q4_0},
    {WeightType::q4_1, &avx2::tile_q4_1},       {WeightType::q5_0, &avx2::tile_q5_0},
    {WeightType::q5_1, &avx2::tile_q5_1},       {WeightType::q8_0, &avx2::tile_q8_0},
    {WeightType::q2_k, &avx2::tile_q2_k},       {WeightType::q3_k, &avx2::tile_q3_k},
    {WeightType::q4_k, &avx2::tile_q4_k},       {WeightType::q5_k, &avx2::tile_q5_k},
    {WeightType::q6_k, &avx2::tile_q6_k},       {WeightType::iq2_xxs, &avx2::tile_iq2_xxs},
    {WeightType::iq2_xs, &avx2::tile_iq2_xs},   {WeightType::iq2_s, &avx2::tile_iq2_s},
    {WeightType::iq3_xxs, &avx2::tile_iq3_xxs}, {WeightType::iq3_s, &avx2::tile_iq3_s},
    {WeightType::iq1_s, &avx2::tile_iq1_s},     {WeightType::iq1_m, &avx2::tile_iq1_m},
    {WeightType::iq4_nl, &avx2::tile_iq4_nl},   {WeightType::iq4_xs, &avx2::tile_iq4_xs},
    {WeightType::tq1_0, &avx2::tile_tq1_0},     {WeightType::tq2_0, &avx2::tile_tq2_0},
    {WeightType::mxfp4, &avx2::tile_mxfp4},     {WeightType::nvfp4, &avx2::tile_nvfp4},
    {WeightType::q1_0, &avx2::tile_q1_0},       {WeightType::q2_0, &avx2::tile_q2_0},
    {WeightType::i2_s, &avx2::tile_i2_s},
};

TileFn find_tile(WeightType type) {
  for (const Entry& entry : kTiles) {
    if (entry.type == type) return *entry.tile;
  }
  return nullptr;
}

/// The compiler's run-time library asks CPUID, and XGETBV for the operating system's part (AVX
/// state).
bool supported() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
}

}  // namespace

const KernelSet kAvx2Kernels = {
    .name = "avx2",
    .description = "AVX2, FMA, F16C, BMI2",
    .supported = supported,
    .tile = find_tile,
    .pack = avx2::find_pack,
    .softmax = avx2::softmax,
    .swiglu = avx2::swiglu,
};

}  // namespace crossval
