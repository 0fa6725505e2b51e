// The AVX2 tiles, one per weight format; each family of formats has its file.
#pragma once

#include "kernels/kernels.h"

namespace crossval::avx2 {

extern const TileFn tile_f32, tile_f16, tile_bf16;
extern const TileFn tile_q4_0, tile_q4_1, tile_q5_0, tile_q5_1, tile_q8_0;
extern const TileFn tile_q2_k, tile_q3_k, tile_q4_k, tile_q5_k, tile_q6_k;
extern const TileFn tile_iq2_xxs, tile_iq2_xs, tile_iq2_s, tile_iq3_xxs, tile_iq3_s, tile_iq4_xs;
extern const TileFn tile_iq1_s, tile_iq1_m, tile_tq1_0, tile_tq2_0, tile_i2_s;
extern const TileFn tile_iq4_nl, tile_mxfp4, tile_nvfp4;
extern const TileFn tile_q1_0, tile_q2_0;

PackFn find_pack(ActivationType type);

}  // namespace crossval::avx2
