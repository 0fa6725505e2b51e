// IQ1_S and IQ1_M: 256 values from a codebook of -1, 0, 1, shifted by an eighth up or down:
//   value = (d * scale) * (code + shift / 8), shift +-1 for each 8 values, scale odd, 1…15.
#pragma once

#include "quant/codebooks.h"
#include "quant/codes256.h"

namespace crossval {

struct CodesIq1 : Codes256 {
  int8_t shift[32];  // +-1, for each 8 values
};

inline void iq1_codes(unsigned index, int8_t* out) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<int8_t>(kIq1Grid[index] >> (8 * i));
}

/// d, 32 low bytes of indices, then for each 32 values 16 bits: four times three index bits, three
/// of scale, one that is set for a shift down.
struct IQ1_S {
  static constexpr int kBytes = 50;
  static void unpack(const uint8_t* block, CodesIq1& out) {
    out.d = load_f16(block);
    for (int g = 0; g < 8; ++g) {
      const unsigned word = load_u16(block + 34 + 2 * g);
      for (int k = 0; k < 4; ++k) {
        const unsigned high = (word >> (3 * k)) & 7U;
        iq1_codes(block[2 + 4 * g + k] | high << 8, out.codes + 32 * g + 8 * k);
        out.shift[4 * g + k] = word & 0x8000U ? -1 : 1;
      }
      out.scale[2 * g] = out.scale[2 * g + 1] = static_cast<int8_t>(2 * ((word >> 12) & 7) + 1);
    }
  }
};

/// 32 low bytes of indices, 16 bytes of nibbles (three index bits and the shift, for each 8
/// values), then four words: twelve bits of four scales each, and in the top four a quarter of d.
struct IQ1_M {
  static constexpr int kBytes = 56;
  static void unpack(const uint8_t* block, CodesIq1& out) {
    unsigned d = 0;
    for (int w = 0; w < 4; ++w) {
      const unsigned word = load_u16(block + 48 + 2 * w);
      d |= (word >> 12) << (4 * w);
      for (int g = 0; g < 4; ++g) {
        out.scale[4 * w + g] = static_cast<int8_t>(2 * ((word >> (3 * g)) & 7) + 1);
      }
    }
    out.d = f16_to_f32(static_cast<uint16_t>(d));
    for (int k = 0; k < 32; ++k) {
      const unsigned nibble = (block[32 + k / 2] >> (k % 2 * 4)) & 15U;
      iq1_codes(block[k] | (nibble & 7) << 8, out.codes + 8 * k);
      out.shift[k] = nibble & 8 ? -1 : 1;
    }
  }
};

}  // namespace crossval
