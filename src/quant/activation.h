// Activation formats: what a row of f32 activations is rounded to before a dot with weights.
// Layouts are ours (packed once per chunk, read by every weight row); the codes, scales and sums
// are exactly those docs/arithmetic.md defines.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/format.h"

namespace crossval {

/// Block of 32: d is the binary16-rounded scale, widened; codes use the unrounded multiplier.
struct BlockQ8_0 {
  float d;
  int8_t codes[32];
};

/// Block of 32: as Q8_0, s = f16(unrounded d * sum of codes), widened.
struct BlockQ8_1 {
  float d;
  float s;
  int8_t codes[32];
};

/// Block of 256: d in f32, sums of each 16 codes.
struct BlockQ8_K {
  float d;
  int8_t codes[256];
  int16_t sums[16];
};

/// A row of n values (bitnet.cpp's I8_S). Without member functions: those that AVX2 files use would
/// be compiled for AVX2 there, and the linker could take them from there.
struct RowI8_S {
  float scale;     // values are codes / scale
  int32_t sum;     // of the codes
  int8_t codes[];  // n
};

std::string_view activation_name(ActivationType type);
/// Values that are packed together; 1 where each or the whole row stands alone.
int activation_block_elements(ActivationType type);

/// Bytes of a packed row of n values (n a multiple of the block for q8 types, of 4 for I8_S).
int64_t packed_row_bytes(ActivationType type, int64_t n);

/// Packs n values; scalar, the definition. Kernel sets may hold faster ones with the same bits.
void pack_row_scalar(ActivationType type, const float* x, int64_t n, std::byte* out);

}  // namespace crossval
