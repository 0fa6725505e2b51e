// One- and two-bit weight formats with one scale per block.
#pragma once

#include "quant/bytes.h"

namespace crossval {

/// Blocks of 128: d, 16 bytes; bit i set: d, clear: -d.
struct Q1_0 {
  static constexpr int kBytes = 18;
  static float unpack(const uint8_t* block, int8_t (&codes)[128]) {
    for (int i = 0; i < 128; ++i) codes[i] = (block[2 + i / 8] >> (i % 8)) & 1 ? 1 : -1;
    return load_f16(block);
  }
};

/// Blocks of 64: d, 16 bytes of two-bit codes, low bits first; value = (code - 1) * d.
struct Q2_0 {
  static constexpr int kBytes = 18;
  static float unpack(const uint8_t* block, int8_t (&codes)[64]) {
    for (int i = 0; i < 64; ++i) {
      codes[i] = static_cast<int8_t>(((block[2 + i / 4] >> (i % 4 * 2)) & 3) - 1);
    }
    return load_f16(block);
  }
};

}  // namespace crossval
