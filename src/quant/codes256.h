// A super-block of 256 values, unpacked: integer codes, integer scales (and minima) for sixteen
// groups of 16, and one scale over those. Formats with groups of 32 repeat each entry.
#pragma once

#include <cstdint>

#include "quant/bytes.h"

namespace crossval {

struct Codes256 {
  float d;
  float dmin;  // 0 for formats without minima
  int8_t scale[16];
  int8_t min[16];
  int8_t codes[256];  // value order
};

/// Two-bit codes as several formats store them: for each half of 128 values 32 bytes; bits 2k, 2k+1
/// of byte i are value 32k + i of that half.
inline int two_bits(const uint8_t* packed, int value) {
  return (packed[value / 128 * 32 + value % 32] >> (value % 128 / 32 * 2)) & 3;
}

}  // namespace crossval
