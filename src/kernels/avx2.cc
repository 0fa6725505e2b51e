// The AVX2 set: 256-bit kernels with FMA, F16C and BMI2. This file is compiled without those flags:
// it must run on any processor to say whether the others may.
#include "kernels/avx2_tiles.h"
#include "kernels/sets.h"
#include "kernels/vector_ops.h"

namespace crossval {
namespace {

TileFn find_tile(WeightType type) {
  switch (type) {
    case WeightType::f32:
      return avx2::tile_f32;
    case WeightType::f16:
      return avx2::tile_f16;
    case WeightType::bf16:
      return avx2::tile_bf16;
    case WeightType::q4_0:
      return avx2::tile_q4_0;
    case WeightType::q4_1:
      return avx2::tile_q4_1;
    case WeightType::q5_0:
      return avx2::tile_q5_0;
    case WeightType::q5_1:
      return avx2::tile_q5_1;
    case WeightType::q8_0:
      return avx2::tile_q8_0;
    case WeightType::q2_k:
      return avx2::tile_q2_k;
    case WeightType::q3_k:
      return avx2::tile_q3_k;
    case WeightType::q4_k:
      return avx2::tile_q4_k;
    case WeightType::q5_k:
      return avx2::tile_q5_k;
    case WeightType::q6_k:
      return avx2::tile_q6_k;
    default:
      return nullptr;
  }
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
