// Weight formats whose four-bit codes name entries of a table: value = scale * table[nibble].
#pragma once

#include <cmath>

#include "quant/blocks32.h"
#include "quant/codes256.h"

namespace crossval {

inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113};
/// E2M1 (one sign, two exponent, one mantissa bit), doubled to be integers.
inline constexpr int8_t kFp4Values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// 16 bytes of nibbles: low ones are values 0…15, high ones 16…31.
inline void table_codes(const uint8_t* nibbles, const int8_t (&table)[16], int8_t* out) {
  for (int i = 0; i < 16; ++i) {
    out[i] = table[nibbles[i] & 0x0F];
    out[i + 16] = table[nibbles[i] >> 4];
  }
}

/// d, nibbles; blocks of 32.
struct IQ4_NL {
  static constexpr int kBytes = 18;
  static constexpr bool kHasMin = false;
  static void unpack(const uint8_t* block, Codes32& out) {
    out.d = load_f16(block);
    out.m = 0;
    table_codes(block + 2, kIq4Values, out.codes);
  }
};

/// E8M0 scale (a bare exponent), nibbles; blocks of 32. Half the scale, because the table is
/// doubled.
struct MXFP4 {
  static constexpr int kBytes = 17;
  static constexpr bool kHasMin = false;
  static float scale(uint8_t e) { return std::ldexp(1.0F, e - 128); }
  static void unpack(const uint8_t* block, Codes32& out) {
    out.d = scale(block[0]);
    out.m = 0;
    table_codes(block + 1, kFp4Values, out.codes);
  }
};

/// Blocks of 64: four UE4M3 scales of 16 values, then for each 16 values 8 bytes: low nibbles are
/// the first eight.
struct NVFP4 {
  static constexpr int kBytes = 36;
  /// Four exponent bits (bias 7) and three of mantissa; bit 7 is ignored but for 0x7F, which is
  /// zero. Halved, because the table is doubled.
  static float scale(uint8_t byte) {
    if (byte == 0x7F) return 0;
    const int exponent = (byte >> 3) & 15;
    const int mantissa = byte & 7;
    return exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -10)
                         : std::ldexp(static_cast<float>(8 + mantissa), exponent - 11);
  }
  static void unpack(const uint8_t* block, float (&scales)[4], int8_t (&codes)[64]) {
    for (int s = 0; s < 4; ++s) {
      scales[s] = scale(block[s]);
      for (int i = 0; i < 8; ++i) {
        const uint8_t byte = block[4 + 8 * s + i];
        codes[16 * s + i] = kFp4Values[byte & 0x0F];
        codes[16 * s + 8 + i] = kFp4Values[byte >> 4];
      }
    }
  }
};

/// Blocks of 256: d, 16 high scale bits pairs, four bytes of low scale nibbles (scale of each 32,
/// less 32), then 16 bytes of nibbles for each 32.
struct IQ4_XS {
  static constexpr int kBytes = 136;
  static constexpr float kFactor = 1.0F;
  static void unpack(const uint8_t* block, Codes256& out) {
    out.d = load_f16(block);
    const unsigned high = load_u16(block + 2);
    for (int g = 0; g < 8; ++g) {
      const int low = (block[4 + g / 2] >> (g % 2 * 4)) & 15;
      const int scale = (low | static_cast<int>((high >> (2 * g)) & 3U) << 4) - 32;
      out.scale[2 * g] = out.scale[2 * g + 1] = static_cast<int8_t>(scale);
      table_codes(block + 8 + 16 * g, kIq4Values, out.codes + 32 * g);
    }
  }
};

}  // namespace crossval
