// AVX2 tiles of IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S and IQ4_XS; layouts: quant/iq_quants.h and
// quant/nonlinear.h. Codes carry their signs once unpacked.
#include "quant/iq_quants.h"

#include "kernels/avx2/tiles.h"
#include "kernels/avx2/totals.h"
#include "quant/codebooks.h"
#include "quant/nonlinear.h"

namespace crossval {
namespace {

inline uint64_t u64_at(const uint8_t* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// Four fields of seven sign bits as four bytes, each with its parity bit on top.
inline uint32_t with_parity_bits(uint32_t packed) {
  const uint32_t signs = _pdep_u32(packed, 0x7F7F7F7FU);
  uint32_t parity = signs ^ (signs >> 4 & 0x0F0F0F0FU);
  parity ^= parity >> 2 & 0x3F3F3F3FU;
  parity ^= parity >> 1;
  return signs | (parity & 0x01010101U) << 7;
}

inline __m256i four_entries(const uint64_t* grid, unsigned a, unsigned b, unsigned c, unsigned d) {
  return _mm256_setr_epi64x(static_cast<long long>(grid[a]), static_cast<long long>(grid[b]),
                            static_cast<long long>(grid[c]), static_cast<long long>(grid[d]));
}

/// Eight nibbles, low first, as bytes.
inline uint64_t eight_nibbles(uint32_t packed) { return _pdep_u64(packed, 0x0F0F0F0F0F0F0F0FU); }

/// 2s + 1 of bytes s.
inline __m128i odd_scales(__m128i s) { return _mm_add_epi8(_mm_add_epi8(s, s), _mm_set1_epi8(1)); }

/// Sixteen scales from eight bytes, low nibbles first.
inline __m256i sixteen_scales(const uint8_t* packed) {
  const uint64_t both = u64_at(packed);
  const __m128i s =
      _mm_set_epi64x(static_cast<long long>(eight_nibbles(static_cast<uint32_t>(both >> 32))),
                     static_cast<long long>(eight_nibbles(static_cast<uint32_t>(both))));
  return _mm256_cvtepu8_epi16(odd_scales(s));
}

/// The scales in the top four bits of the eight words that lie `stride` bytes apart.
inline __m256i top_scales(const uint8_t* words, int stride) {
  const auto top = [words, stride](int g) {
    return static_cast<int>(2 * (u32_at(words + g * stride) >> 28) + 1);
  };
  return _mm256_setr_epi32(top(0), top(1), top(2), top(3), top(4), top(5), top(6), top(7));
}

/// What the formats of this file share: signed codes, no minima.
template <class Format, class ScalesKind, int kEighths>
struct Signed {
  static constexpr int kBytes = Format::kBytes;
  static constexpr Codes kCodes = Codes::with_sign;
  using Scales = ScalesKind;
  using Minima = NoMinima;
  template <int P>
  using Totals = PlainTotals<P, kEighths>;
};

/// Codes as magnitudes and signs.
template <class Unpack, class Format, class ScalesKind, int kEighths>
struct SignsApart : Signed<Format, ScalesKind, kEighths> {
  static __m256i codes(const uint8_t* block, int g) {
    return negate(Unpack::magnitudes(block, g), Unpack::signs(block, g));
  }
};

struct UnpackIQ2_XXS : SignsApart<UnpackIQ2_XXS, IQ2_XXS, ScalesOf32, 1> {
  static __m256i magnitudes(const uint8_t* block, int g) {
    const uint8_t* part = block + 2 + 8 * g;
    return four_entries(kIq2XxsGrid, part[0], part[1], part[2], part[3]);
  }
  static uint32_t signs(const uint8_t* block, int g) {
    return with_parity_bits(u32_at(block + 6 + 8 * g));
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block);
    out.scales.set(row, top_scales(block + 6, 8));
  }
};

struct UnpackIQ2_XS : SignsApart<UnpackIQ2_XS, IQ2_XS, ScalesOf16, 1> {
  static __m256i magnitudes(const uint8_t* block, int g) {
    const uint64_t words = u64_at(block + 2 + 8 * g);
    const auto index = [words](int k) { return static_cast<unsigned>(words >> (16 * k)) & 511U; };
    return four_entries(kIq2XsGrid, index(0), index(1), index(2), index(3));
  }
  static uint32_t signs(const uint8_t* block, int g) {
    const uint64_t words = u64_at(block + 2 + 8 * g);
    return with_parity_bits(static_cast<uint32_t>(_pext_u64(words, 0xFE00FE00FE00FE00U)));
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block);
    out.scales.set(row, sixteen_scales(block + 66));
  }
};

struct UnpackIQ2_S : SignsApart<UnpackIQ2_S, IQ2_S, ScalesOf16, 1> {
  static __m256i magnitudes(const uint8_t* block, int g) {
    const uint8_t* low = block + 2 + 4 * g;
    const unsigned high = block[66 + g];
    return four_entries(kIq2SGrid, low[0] | (high << 8 & 0x300U), low[1] | (high << 6 & 0x300U),
                        low[2] | (high << 4 & 0x300U), low[3] | (high << 2 & 0x300U));
  }
  static uint32_t signs(const uint8_t* block, int g) { return u32_at(block + 34 + 4 * g); }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block);
    out.scales.set(row, sixteen_scales(block + 74));
  }
};

struct UnpackIQ3_XXS : SignsApart<UnpackIQ3_XXS, IQ3_XXS, ScalesOf32, 2> {
  static __m256i magnitudes(const uint8_t* block, int g) {
    const uint8_t* index = block + 2 + 8 * g;
    const auto entry = [index](int k) { return static_cast<int>(kIq3XxsGrid[index[k]]); };
    return _mm256_setr_epi32(entry(0), entry(1), entry(2), entry(3), entry(4), entry(5), entry(6),
                             entry(7));
  }
  static uint32_t signs(const uint8_t* block, int g) {
    return with_parity_bits(u32_at(block + 66 + 4 * g));
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block);
    out.scales.set(row, top_scales(block + 66, 4));
  }
};

struct UnpackIQ3_S : SignsApart<UnpackIQ3_S, IQ3_S, ScalesOf32, 8> {
  static __m256i magnitudes(const uint8_t* block, int g) {
    const uint8_t* low = block + 2 + 8 * g;
    const unsigned ninth = block[66 + g];
    const auto entry = [low, ninth](int k) {
      return static_cast<int>(kIq3SGrid[low[k] | (ninth << (8 - k) & 256U)]);
    };
    return _mm256_setr_epi32(entry(0), entry(1), entry(2), entry(3), entry(4), entry(5), entry(6),
                             entry(7));
  }
  static uint32_t signs(const uint8_t* block, int g) { return u32_at(block + 74 + 4 * g); }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block);
    const __m128i s = _mm_cvtsi64_si128(static_cast<long long>(eight_nibbles(u32_at(block + 106))));
    out.scales.set(row, _mm256_cvtepu8_epi32(odd_scales(s)));
  }
};

struct UnpackIQ4_XS : Signed<IQ4_XS, ScalesOf32, 8> {
  static __m256i codes(const uint8_t* block, int g) {
    const __m256i table = _mm256_broadcastsi128_si256(load128(kIq4Values));
    return _mm256_shuffle_epi8(table, nibbles(block + 8 + 16 * g));
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block);
    const uint64_t high = _pdep_u64(u16_at(block + 2), 0x3030303030303030U);
    const __m128i s =
        _mm_cvtsi64_si128(static_cast<long long>(eight_nibbles(u32_at(block + 4)) | high));
    out.scales.set(row, _mm256_cvtepi8_epi32(_mm_sub_epi8(s, _mm_set1_epi8(32))));
  }
};

}  // namespace

namespace avx2 {
const TileFn tile_iq2_xxs = tile_of_groups<SuperBlocks<UnpackIQ2_XXS>>;
const TileFn tile_iq2_xs = tile_of_groups<SuperBlocks<UnpackIQ2_XS>>;
const TileFn tile_iq2_s = tile_of_groups<SuperBlocks<UnpackIQ2_S>>;
const TileFn tile_iq3_xxs = tile_of_groups<SuperBlocks<UnpackIQ3_XXS>>;
const TileFn tile_iq3_s = tile_of_groups<SuperBlocks<UnpackIQ3_S>>;
const TileFn tile_iq4_xs = tile_of_groups<SuperBlocks<UnpackIQ4_XS>>;
}  // namespace avx2

}  // namespace crossval
