// The "K" weight formats: super-blocks of 256 values, integer scales (and minima) for groups of 16
// or 32 values, and one binary16 scale over those (one more over the minima):
//   value = (d * scale[g]) * code                     Q3_K, Q6_K
//   value = (d * scale[g]) * code - (dmin * min[g])   Q2_K, Q4_K, Q5_K
#pragma once

#include <cstdint>

#include "quant/codes256.h"

namespace crossval {

/// Six-bit scales and minima of Q4_K and Q5_K: twelve bytes hold eight of each. Entries 0…3 lie
/// whole in bytes 0…3 (scales) and 4…7 (minima); entries 4…7 have their low four bits in bytes 8…11
/// and their high two bits in the top of bytes 0…3 and 4…7.
inline void unpack_scales_k4(const uint8_t* packed, Codes256& out) {
  for (int g = 0; g < 8; ++g) {
    int scale = 0;
    int min = 0;
    if (g < 4) {
      scale = packed[g] & 63;
      min = packed[g + 4] & 63;
    } else {
      scale = (packed[g + 4] & 0x0F) | (packed[g - 4] >> 6) << 4;
      min = (packed[g + 4] >> 4) | (packed[g] >> 6) << 4;
    }
    out.scale[2 * g] = out.scale[2 * g + 1] = static_cast<int8_t>(scale);
    out.min[2 * g] = out.min[2 * g + 1] = static_cast<int8_t>(min);
  }
}

/// 16 bytes of scale (low nibble) and minimum (high nibble), 64 bytes of codes, d, dmin.
struct Q2_K {
  static constexpr int kBytes = 84;
  static constexpr bool kHasMin = true;
  static void unpack(const uint8_t* block, Codes256& out) {
    for (int g = 0; g < 16; ++g) {
      out.scale[g] = static_cast<int8_t>(block[g] & 0x0F);
      out.min[g] = static_cast<int8_t>(block[g] >> 4);
    }
    for (int i = 0; i < 256; ++i) out.codes[i] = static_cast<int8_t>(two_bits(block + 16, i));
    out.d = load_f16(block + 80);
    out.dmin = load_f16(block + 82);
  }
};

/// 32 bytes of third bits (bit k of byte i: value 32k + i; clear means 4 less), 64 bytes of codes,
/// twelve bytes of six-bit scales less 32, d.
struct Q3_K {
  static constexpr int kBytes = 110;
  static constexpr bool kHasMin = false;
  static void unpack(const uint8_t* block, Codes256& out) {
    const uint8_t* packed = block + 96;  // low nibbles in bytes 0…7, high two bits in bytes 8…11
    for (int g = 0; g < 16; ++g) {
      const int low = g < 8 ? packed[g] & 0x0F : packed[g - 8] >> 4;
      const int high = (packed[8 + g % 4] >> (g / 4 * 2)) & 3;
      out.scale[g] = static_cast<int8_t>((low | high << 4) - 32);
      out.min[g] = 0;
    }
    for (int i = 0; i < 256; ++i) {
      const int third = (block[i % 32] >> (i / 32)) & 1;
      out.codes[i] = static_cast<int8_t>(two_bits(block + 32, i) - (third ? 0 : 4));
    }
    out.d = load_f16(block + 108);
    out.dmin = 0;
  }
};

/// d, dmin, twelve bytes of scales and minima, 128 bytes: each 32 hold 64 values, low nibbles
/// first.
struct Q4_K {
  static constexpr int kBytes = 144;
  static constexpr bool kHasMin = true;
  static void unpack(const uint8_t* block, Codes256& out) {
    out.d = load_f16(block);
    out.dmin = load_f16(block + 2);
    unpack_scales_k4(block + 4, out);
    for (int i = 0; i < 256; ++i) {
      const uint8_t byte = block[16 + i / 64 * 32 + i % 32];
      out.codes[i] = static_cast<int8_t>(i % 64 < 32 ? byte & 0x0F : byte >> 4);
    }
  }
};

/// As Q4_K, with 32 bytes of fifth bits before the nibbles: bit k of byte i is value 32k + i.
struct Q5_K {
  static constexpr int kBytes = 176;
  static constexpr bool kHasMin = true;
  static void unpack(const uint8_t* block, Codes256& out) {
    out.d = load_f16(block);
    out.dmin = load_f16(block + 2);
    unpack_scales_k4(block + 4, out);
    for (int i = 0; i < 256; ++i) {
      const uint8_t byte = block[48 + i / 64 * 32 + i % 32];
      const int fifth = (block[16 + i % 32] >> (i / 32)) & 1;
      out.codes[i] = static_cast<int8_t>((i % 64 < 32 ? byte & 0x0F : byte >> 4) | fifth << 4);
    }
  }
};

/// Six bits less 32: 128 bytes of low nibbles (each 64 hold 128 values: low nibbles are values
/// 0…63, high ones 64…127), 64 bytes of top bit pairs, sixteen signed scales, d.
struct Q6_K {
  static constexpr int kBytes = 210;
  static constexpr bool kHasMin = false;
  static void unpack(const uint8_t* block, Codes256& out) {
    for (int i = 0; i < 256; ++i) {
      const uint8_t byte = block[i / 128 * 64 + i % 64];
      const int low = i % 128 < 64 ? byte & 0x0F : byte >> 4;
      out.codes[i] = static_cast<int8_t>((low | two_bits(block + 128, i) << 4) - 32);
    }
    for (int g = 0; g < 16; ++g) {
      out.scale[g] = static_cast<int8_t>(block[192 + g]);
      out.min[g] = 0;
    }
    out.d = load_f16(block + 208);
    out.dmin = 0;
  }
};

}  // namespace crossval
