// Tiles of super-blocks of 256 with Q8_K activations (arithmetic: scalar/superblocks.h). Integer
// lanes over 256 values, then one multiply-add per block. What the formats do not share are their
// codes, the kind of their scales, and how minima or offsets enter (avx2/totals.h).
#pragma once

#include <type_traits>

#include "kernels/avx2/groups.h"

namespace crossval {
namespace {

inline const BlockQ8_K& q8_k_block(const std::byte* activations, int64_t b) {
  return reinterpret_cast<const BlockQ8_K*>(activations)[b];
}

inline __m256i low_bits(__m256i v, int shift, int mask) {
  return _mm256_and_si256(_mm256_srli_epi16(v, shift), _mm256_set1_epi8(static_cast<char>(mask)));
}

/// One scale for each 32 values: eight per row, each twice in a 32-bit element.
struct ScalesOf32 {
  alignas(32) uint32_t twice[4][8];

  void set(int row, __m256i eight_of_32_bits) {
    const __m256i low = _mm256_and_si256(eight_of_32_bits, _mm256_set1_epi32(0xFFFF));
    store256(twice[row], _mm256_or_si256(low, _mm256_slli_epi32(eight_of_32_bits, 16)));
  }
  void expand() {}
  __m256i expanded(int group, int row) const { return of(group, row); }
  __m256i of(int group, int row) const {
    return _mm256_set1_epi32(static_cast<int>(twice[row][group]));
  }
};

/// One scale for each 16 values: sixteen per row; for a group of 32 values the first eight times,
/// then the second. `expand` stores those vectors ahead.
struct ScalesOf16 {
  alignas(32) int16_t sixteen[4][16];
  alignas(32) int16_t lanes[8][4][16];

  void set(int row, __m256i sixteen_of_16_bits) { store256(sixteen[row], sixteen_of_16_bits); }
  void expand() {
    for (int g = 0; g < 8; ++g) {
      for (int r = 0; r < 4; ++r) store256(lanes[g][r], of(g, r));
    }
  }
  __m256i expanded(int group, int row) const { return load256(lanes[group][row]); }
  __m256i of(int group, int row) const {
    const __m256i eight = _mm256_broadcastsi128_si256(load128(sixteen[row] + group / 4 * 8));
    const __m256i first =
        _mm256_setr_epi64x(0x0100010001000100, 0x0100010001000100, 0x0302030203020302,
                           0x0302030203020302);  // bytes of scales 0 and 1
    const __m256i pick = _mm256_add_epi8(first, _mm256_set1_epi8(static_cast<char>(group % 4 * 4)));
    return _mm256_shuffle_epi8(eight, pick);
  }
};

/// No scales below d: codes of at most two bits, so a whole block's pairs fit 16 bits.
struct UnitScales {
  void expand() {}
};

template <class Format>
struct Factors256x4 {
  typename Format::Scales scales;
  typename Format::Minima minima;
  float d[4];
};

template <class Format>
struct Codes256x4 {
  alignas(32) int8_t codes[8][4][32];  // group of 32 values, row
  Factors256x4<Format> factors;
};

/// Negates the bytes whose bit is set.
inline __m256i negate(__m256i bytes, uint32_t bits) {
  const __m256i mask = bits_as_masks(bits);
  return _mm256_sub_epi8(_mm256_xor_si256(bytes, mask), mask);
}

/// How stored codes meet the unsigned multiply: as they are, with a constant taken off afterwards
/// (whose products with the activations all rows share), or as magnitude and sign.
enum class Codes { as_stored, less_offset, with_sign };

/// Sums of two products, 16 bits. `offset_products`: kOffset times the activation pairs.
template <class Format>
__m256i pair_products(__m256i w, __m256i a, __m256i offset_products) {
  if constexpr (Format::kCodes == Codes::with_sign) {
    return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w));
  }
  const __m256i products = _mm256_maddubs_epi16(w, a);
  return Format::kCodes == Codes::as_stored ? products
                                            : _mm256_sub_epi16(products, offset_products);
}

template <class Format>
__m256i offset_products(__m256i a) {
  if constexpr (Format::kCodes == Codes::less_offset) {
    return _mm256_maddubs_epi16(_mm256_set1_epi8(Format::kOffset), a);
  }
  return a;
}

/// The same for codes as stored. Formats whose signs lie apart give them to the activations at
/// once.
template <class Format>
__m256i stored_products(const uint8_t* block, int group, __m256i a) {
  if constexpr (requires { Format::magnitudes(block, group); }) {
    return _mm256_maddubs_epi16(Format::magnitudes(block, group),
                                negate(a, Format::signs(block, group)));
  } else {
    return pair_products<Format>(Format::codes(block, group), a, offset_products<Format>(a));
  }
}

/// Format: kBytes, kCodes (kOffset), Scales, Minima, Totals<P>, codes(block, group), and
/// factors(block, row, Factors256x4&) for everything else of a block.
template <class Format>
struct SuperBlocks {
  using Block4 = Codes256x4<Format>;
  using Factors = Factors256x4<Format>;
  static constexpr int kElements = 256;
  static constexpr bool kUnit = std::is_same_v<typename Format::Scales, UnitScales>;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Format::kBytes;
      for (int g = 0; g < 8; ++g) store256(out.codes[g][r], Format::codes(block, g));
      Format::factors(block, r, out.factors);
    }
    out.factors.scales.expand();
  }

  template <int P>
  static void dot(const Block4* unpacked, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    typename Format::template Totals<P> totals;
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = unpacked[b];
      const BlockQ8_K* a[P];
      __m256i sum[P][4];
      for (int p = 0; p < P; ++p) {
        a[p] = &q8_k_block(activations[p], b);
        for (int r = 0; r < 4; ++r) sum[p][r] = _mm256_setzero_si256();
      }
      for (int g = 0; g < 8; ++g) {
        __m256i codes[P];
        __m256i offset[P];
        for (int p = 0; p < P; ++p) {
          codes[p] = load256(a[p]->codes + 32 * g);
          offset[p] = offset_products<Format>(codes[p]);
        }
        for (int r = 0; r < 4; ++r) {
          const __m256i w_codes = load256(w.codes[g][r]);
          for (int p = 0; p < P; ++p) {
            const __m256i products = pair_products<Format>(w_codes, codes[p], offset[p]);
            if constexpr (kUnit) {
              sum[p][r] = _mm256_add_epi16(sum[p][r], products);
            } else {
              const __m256i scale = w.factors.scales.expanded(g, r);
              sum[p][r] = _mm256_add_epi32(sum[p][r], _mm256_madd_epi16(scale, products));
            }
          }
        }
      }
      if constexpr (kUnit) {
        for (auto& of_position : sum) {
          for (__m256i& lanes : of_position) lanes = _mm256_madd_epi16(lanes, _mm256_set1_epi16(1));
        }
      }
      totals.add(w.factors, a, sum);
    }
    for (int p = 0; p < P; ++p) results[p] = totals.result(p);
  }

  static __m128 dot_stored(const uint8_t* const (&rows)[4], int64_t blocks,
                           const std::byte* activations) {
    typename Format::template Totals<1> totals;
    Factors factors;
    for (int64_t b = 0; b < blocks; ++b) {
      const BlockQ8_K* const a[1] = {&q8_k_block(activations, b)};
      __m256i sum[1][4];
      for (int r = 0; r < 4; ++r) {
        const uint8_t* block = rows[r] + b * Format::kBytes;
        prefetch_ahead<Format::kBytes>(block);
        Format::factors(block, r, factors);
        __m256i lanes = _mm256_setzero_si256();
#pragma GCC unroll 8  // the shifts and shuffles by group become constants
        for (int g = 0; g < 8; ++g) {
          const __m256i products = stored_products<Format>(block, g, load256(a[0]->codes + 32 * g));
          if constexpr (kUnit) {
            lanes = _mm256_add_epi16(lanes, products);
          } else {
            lanes = _mm256_add_epi32(lanes, _mm256_madd_epi16(factors.scales.of(g, r), products));
          }
        }
        sum[0][r] = kUnit ? _mm256_madd_epi16(lanes, _mm256_set1_epi16(1)) : lanes;
      }
      totals.add(factors, a, sum);
    }
    return totals.result(0);
  }
};

}  // namespace
}  // namespace crossval
