// The AVX2 tiles, one per weight format; each family of formats has its file avx2_*.cc.
#pragma once

#include "kernels/kernels.h"

namespace crossval::avx2 {

extern const TileFn tile_f32, tile_f16, tile_bf16;
extern const TileFn tile_q4_0, tile_q4_1, tile_q5_0, tile_q5_1, tile_q8_0;
extern const TileFn tile_q2_k, tile_q3_k, tile_q4_k, tile_q5_k, tile_q6_k;

PackFn find_pack(ActivationType type);

}  // namespace crossval::avx2
