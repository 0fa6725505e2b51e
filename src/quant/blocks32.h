// Weight formats in blocks of 32 values with one binary16 scale (and, for the "_1" kinds, a
// minimum):
//   value = code * d        Q4_0, Q5_0, Q8_0   (signed codes)
//   value = code * d + m    Q4_1, Q5_1         (unsigned codes)
// Codes of four bits lie as 16 bytes: low nibbles are values 0…15, high nibbles 16…31.
#pragma once

#include <cstdint>

#include "quant/bytes.h"

namespace crossval {

struct Codes32 {
  float d;
  float m;  // 0 for formats without a minimum
  int8_t codes[32];
};

/// Byte layout: d, then 16 bytes of nibbles; code = nibble - 8.
struct Q4_0 {
  static constexpr int kBytes = 18;
  static constexpr bool kHasMin = false;
  static void unpack(const uint8_t* block, Codes32& out) {
    out.d = load_f16(block);
    out.m = 0;
    for (int i = 0; i < 16; ++i) {
      out.codes[i] = static_cast<int8_t>((block[2 + i] & 0x0F) - 8);
      out.codes[i + 16] = static_cast<int8_t>((block[2 + i] >> 4) - 8);
    }
  }
};

/// d, m, 16 bytes of nibbles.
struct Q4_1 {
  static constexpr int kBytes = 20;
  static constexpr bool kHasMin = true;
  static void unpack(const uint8_t* block, Codes32& out) {
    out.d = load_f16(block);
    out.m = load_f16(block + 2);
    for (int i = 0; i < 16; ++i) {
      out.codes[i] = static_cast<int8_t>(block[4 + i] & 0x0F);
      out.codes[i + 16] = static_cast<int8_t>(block[4 + i] >> 4);
    }
  }
};

/// d, 32 fifth bits (bit i belongs to value i), 16 bytes of nibbles; code = five bits - 16.
struct Q5_0 {
  static constexpr int kBytes = 22;
  static constexpr bool kHasMin = false;
  static void unpack(const uint8_t* block, Codes32& out) {
    out.d = load_f16(block);
    out.m = 0;
    const uint32_t fifth = load_u32(block + 2);
    for (int i = 0; i < 16; ++i) {
      const int low = (block[6 + i] & 0x0F) | static_cast<int>((fifth >> i) & 1U) << 4;
      const int high = (block[6 + i] >> 4) | static_cast<int>((fifth >> (i + 16)) & 1U) << 4;
      out.codes[i] = static_cast<int8_t>(low - 16);
      out.codes[i + 16] = static_cast<int8_t>(high - 16);
    }
  }
};

/// d, m, 32 fifth bits, 16 bytes of nibbles.
struct Q5_1 {
  static constexpr int kBytes = 24;
  static constexpr bool kHasMin = true;
  static void unpack(const uint8_t* block, Codes32& out) {
    out.d = load_f16(block);
    out.m = load_f16(block + 2);
    const uint32_t fifth = load_u32(block + 4);
    for (int i = 0; i < 16; ++i) {
      const uint32_t low = (block[8 + i] & 0x0FU) | ((fifth >> i) & 1U) << 4;
      const uint32_t high = (block[8 + i] >> 4) | ((fifth >> (i + 16)) & 1U) << 4;
      out.codes[i] = static_cast<int8_t>(low);
      out.codes[i + 16] = static_cast<int8_t>(high);
    }
  }
};

/// d, 32 signed bytes.
struct Q8_0 {
  static constexpr int kBytes = 34;
  static constexpr bool kHasMin = false;
  static void unpack(const uint8_t* block, Codes32& out) {
    out.d = load_f16(block);
    out.m = 0;
    for (int i = 0; i < 32; ++i) out.codes[i] = static_cast<int8_t>(block[2 + i]);
  }
};

}  // namespace crossval
