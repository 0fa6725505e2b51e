// Ternary weight formats, super-blocks of 256: value = (code - 1) * d with codes 0, 1, 2.
#pragma once

#include <algorithm>
#include <iterator>

#include "quant/codes256.h"

namespace crossval {

/// 64 bytes of two-bit codes, d. Code 3 never is written; it reads as 3.
struct TQ2_0 {
  static constexpr float kFactor = 1.0F;
  static constexpr int kBytes = 66;
  static void unpack(const uint8_t* block, Codes256& out) {
    for (int i = 0; i < 256; ++i) out.codes[i] = static_cast<int8_t>(two_bits(block, i) - 1);
    std::fill(std::begin(out.scale), std::end(out.scale), 1);
    out.d = load_f16(block + 64);
  }
};

/// Five base-3 digits in a byte, most significant first, as a fraction: byte * 3^k mod 256, times
/// 3, over 256, is digit k. 32 bytes hold values 0…159 (digit k of byte i: value 32k + i), 16 bytes
/// values 160…239 (16k + i), four bytes the last 16 (4k + i), then d.
struct TQ1_0 {
  static constexpr float kFactor = 1.0F;
  static constexpr int kBytes = 54;
  static int digit(uint8_t byte, int k) {
    constexpr int kPower[5] = {1, 3, 9, 27, 81};
    return ((byte * kPower[k]) & 0xFF) * 3 >> 8;
  }
  static void unpack(const uint8_t* block, Codes256& out) {
    int8_t* code = out.codes;
    const auto section = [&code](const uint8_t* bytes, int count, int digits) {
      for (int k = 0; k < digits; ++k) {
        for (int i = 0; i < count; ++i) *code++ = static_cast<int8_t>(digit(bytes[i], k) - 1);
      }
    };
    section(block, 32, 5);
    section(block + 32, 16, 5);
    section(block + 48, 4, 4);
    std::fill(std::begin(out.scale), std::end(out.scale), 1);
    out.d = load_f16(block + 52);
  }
};

}  // namespace crossval
