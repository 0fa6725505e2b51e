// The "IQ" weight formats of 256 values whose codes come from codebooks of eight or four
// magnitudes, with signs apart:  value = d * kFactor * scale * (+-magnitude), scale odd, 1…31 (IQ2,
// IQ3). Every product is exact in f32, so their order does not matter.
#pragma once

#include "quant/codebooks.h"
#include "quant/codes256.h"

namespace crossval {

/// Seven stored sign bits; the eighth makes the number of set ones even.
inline unsigned with_parity_bit(unsigned seven) {
  unsigned parity = seven ^ (seven >> 4);
  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return seven | (parity & 1U) << 7;
}

/// `count` codes of a codebook entry; bit i of `signs` negates code i.
template <class Entry>
void signed_codes(Entry entry, unsigned signs, int8_t* out) {
  for (unsigned i = 0; i < sizeof(Entry); ++i) {
    const int magnitude = static_cast<int>((entry >> (8 * i)) & 0xFF);
    out[i] = static_cast<int8_t>((signs >> i) & 1U ? -magnitude : magnitude);
  }
}

inline void set_scale32(Codes256& out, int group, int scale) {
  out.scale[2 * group] = out.scale[2 * group + 1] = static_cast<int8_t>(scale);
}

/// d, then for each 32 values four codebook indices and a word of four seven-bit signs and four
/// bits s; scale = 2s + 1.
struct IQ2_XXS {
  static constexpr int kBytes = 66;
  static constexpr float kFactor = 0.125F;
  static void unpack(const uint8_t* block, Codes256& out) {
    out.d = load_f16(block);
    for (int g = 0; g < 8; ++g) {
      const uint8_t* part = block + 2 + 8 * g;
      const uint32_t word = load_u32(part + 4);
      for (int k = 0; k < 4; ++k) {
        const unsigned signs = with_parity_bit((word >> (7 * k)) & 127);
        signed_codes(kIq2XxsGrid[part[k]], signs, out.codes + 32 * g + 8 * k);
      }
      set_scale32(out, g, static_cast<int>(2 * (word >> 28) + 1));
    }
  }
};

/// d, for each 8 values nine bits of index and seven of signs, then for each 32 a byte: two scales.
struct IQ2_XS {
  static constexpr int kBytes = 74;
  static constexpr float kFactor = 0.125F;
  static void unpack(const uint8_t* block, Codes256& out) {
    out.d = load_f16(block);
    for (int k = 0; k < 32; ++k) {
      const unsigned entry = load_u16(block + 2 + 2 * k);
      signed_codes(kIq2XsGrid[entry & 511], with_parity_bit(entry >> 9), out.codes + 8 * k);
    }
    for (int g = 0; g < 16; ++g) {
      out.scale[g] = static_cast<int8_t>(2 * ((block[66 + g / 2] >> (g % 2 * 4)) & 15) + 1);
    }
  }
};

/// d, 32 low bytes of indices, 32 bytes of signs, eight bytes of two more index bits for each 8
/// values, eight bytes of scales.
struct IQ2_S {
  static constexpr int kBytes = 82;
  static constexpr float kFactor = 0.125F;
  static void unpack(const uint8_t* block, Codes256& out) {
    out.d = load_f16(block);
    for (int k = 0; k < 32; ++k) {
      const unsigned high = (block[66 + k / 4] >> (k % 4 * 2)) & 3U;
      signed_codes(kIq2SGrid[block[2 + k] | high << 8], block[34 + k], out.codes + 8 * k);
    }
    for (int g = 0; g < 16; ++g) {
      out.scale[g] = static_cast<int8_t>(2 * ((block[74 + g / 2] >> (g % 2 * 4)) & 15) + 1);
    }
  }
};

/// d, 64 indices (four values each), then for each 32 values a word as in IQ2_XXS.
struct IQ3_XXS {
  static constexpr int kBytes = 98;
  static constexpr float kFactor = 0.25F;
  static void unpack(const uint8_t* block, Codes256& out) {
    out.d = load_f16(block);
    for (int g = 0; g < 8; ++g) {
      const uint32_t word = load_u32(block + 66 + 4 * g);
      for (int k = 0; k < 8; ++k) {
        const unsigned signs = with_parity_bit((word >> (7 * (k / 2))) & 127) >> (k % 2 * 4);
        signed_codes(kIq3XxsGrid[block[2 + 8 * g + k]], signs, out.codes + 32 * g + 4 * k);
      }
      set_scale32(out, g, static_cast<int>(2 * (word >> 28) + 1));
    }
  }
};

/// d, 64 low bytes of indices, eight bytes of ninth index bits, 32 bytes of signs, four bytes of
/// scales.
struct IQ3_S {
  static constexpr int kBytes = 110;
  static constexpr float kFactor = 1.0F;
  static void unpack(const uint8_t* block, Codes256& out) {
    out.d = load_f16(block);
    for (int k = 0; k < 64; ++k) {
      const unsigned ninth = (block[66 + k / 8] >> (k % 8)) & 1U;
      const unsigned signs = static_cast<unsigned>(block[74 + k / 2]) >> (k % 2 * 4);
      signed_codes(kIq3SGrid[block[2 + k] | ninth << 8], signs, out.codes + 4 * k);
    }
    for (int g = 0; g < 8; ++g) {
      set_scale32(out, g, 2 * ((block[106 + g / 2] >> (g % 2 * 4)) & 15) + 1);
    }
  }
};

}  // namespace crossval
