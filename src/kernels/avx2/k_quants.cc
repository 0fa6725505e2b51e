// AVX2 tiles of Q2_K, Q3_K, Q4_K, Q5_K and Q6_K; layouts: quant/k_quants.h.
#include "quant/k_quants.h"

#include "kernels/avx2/tiles.h"
#include "kernels/avx2/totals.h"

namespace crossval {
namespace {

/// Scales and minima of Q4_K and Q5_K, four packed entries at a time.
template <class Factors>
void scales_and_mins(const uint8_t* packed, int row, float dmin, Factors& out) {
  const uint32_t a = u32_at(packed);
  const uint32_t b = u32_at(packed + 4);
  const uint32_t c = u32_at(packed + 8);
  const uint32_t scales_low = a & 0x3F3F3F3FU;
  const uint32_t scales_high = (c & 0x0F0F0F0FU) | ((a >> 6 & 0x03030303U) << 4);
  const uint32_t mins_low = b & 0x3F3F3F3FU;
  const uint32_t mins_high = (c >> 4 & 0x0F0F0F0FU) | ((b >> 6 & 0x03030303U) << 4);
  const __m128i scales =
      _mm_setr_epi32(static_cast<int>(scales_low), static_cast<int>(scales_high), 0, 0);
  const __m128i mins =
      _mm_setr_epi32(static_cast<int>(mins_low), static_cast<int>(mins_high), 0, 0);
  out.scales.set(row, _mm256_cvtepu8_epi32(scales));
  out.minima.set(row, _mm_cvtepu8_epi16(mins), dmin);
}

struct UnpackQ2_K {
  static constexpr int kBytes = Q2_K::kBytes;
  static constexpr Codes kCodes = Codes::as_stored;
  using Scales = ScalesOf16;
  using Minima = LaneMinima;
  template <int P>
  using Totals = LaneMinimaTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    return low_bits(load256(block + 16 + g / 4 * 32), g % 4 * 2, 3);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    const __m128i both = load128(block);
    const __m128i low = _mm_set1_epi8(0x0F);
    const __m128i mins = _mm_and_si128(_mm_srli_epi16(both, 4), low);
    out.scales.set(row, _mm256_cvtepu8_epi16(_mm_and_si128(both, low)));
    store256(out.minima.sixteen[row], _mm256_cvtepu8_epi16(mins));
    out.d[row] = f16_at(block + 80);
    out.minima.dmin[row] = f16_at(block + 82);
  }
};

struct UnpackQ3_K {
  static constexpr int kBytes = Q3_K::kBytes;
  static constexpr Codes kCodes = Codes::less_offset;
  static constexpr char kOffset = 4;
  using Scales = ScalesOf16;
  using Minima = NoMinima;
  template <int P>
  using Totals = PlainTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    const __m256i two = low_bits(load256(block + 32 + g / 4 * 32), g % 4 * 2, 3);
    const __m256i four = _mm256_slli_epi16(low_bits(load256(block), g, 1), 2);
    return _mm256_or_si256(two, four);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    const uint32_t low = u32_at(block + 96);
    const uint32_t middle = u32_at(block + 100);
    const uint32_t top = u32_at(block + 104);
    const auto entry = [top](uint32_t nibbles4, int shift) {
      return static_cast<int>((nibbles4 & 0x0F0F0F0FU) | (top >> shift & 0x03030303U) << 4);
    };
    const __m128i scales =
        _mm_setr_epi32(entry(low, 0), entry(middle, 2), entry(low >> 4, 4), entry(middle >> 4, 6));
    out.scales.set(row, _mm256_cvtepi8_epi16(_mm_sub_epi8(scales, _mm_set1_epi8(32))));
    out.d[row] = f16_at(block + 108);
  }
};

struct UnpackQ4_K {
  static constexpr int kBytes = Q4_K::kBytes;
  static constexpr Codes kCodes = Codes::as_stored;
  using Scales = ScalesOf32;
  using Minima = MinimaOf32;
  template <int P>
  using Totals = FourLaneTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    return low_bits(load256(block + 16 + g / 2 * 32), g % 2 * 4, 15);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block);
    scales_and_mins(block + 4, row, f16_at(block + 2), out);
  }
};

struct UnpackQ5_K {
  static constexpr int kBytes = Q5_K::kBytes;
  static constexpr Codes kCodes = Codes::as_stored;
  using Scales = ScalesOf32;
  using Minima = MinimaOf32;
  template <int P>
  using Totals = IntegerTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    const __m256i four = low_bits(load256(block + 48 + g / 2 * 32), g % 2 * 4, 15);
    const __m256i fifth = _mm256_slli_epi16(low_bits(load256(block + 16), g, 1), 4);
    return _mm256_or_si256(four, fifth);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block);
    scales_and_mins(block + 4, row, f16_at(block + 2), out);
  }
};

struct UnpackQ6_K {
  static constexpr int kBytes = Q6_K::kBytes;
  static constexpr Codes kCodes = Codes::as_stored;  // 0…63
  using Scales = ScalesOf16;
  using Minima = NoMinima;
  template <int P>
  using Totals = OffsetTotals<P, 5>;

  static __m256i codes(const uint8_t* block, int g) {
    const __m256i four = low_bits(load256(block + g / 4 * 64 + g % 2 * 32), g % 4 / 2 * 4, 15);
    const __m256i two = low_bits(load256(block + 128 + g / 4 * 32), g % 4 * 2, 3);
    return _mm256_or_si256(four, _mm256_slli_epi16(two, 4));
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.scales.set(row, _mm256_cvtepi8_epi16(load128(block + 192)));
    out.d[row] = f16_at(block + 208);
  }
};

}  // namespace

namespace avx2 {
const TileFn tile_q2_k = tile_of_groups<SuperBlocks<UnpackQ2_K>>;
const TileFn tile_q3_k = tile_of_groups<SuperBlocks<UnpackQ3_K>>;
const TileFn tile_q4_k = tile_of_groups<SuperBlocks<UnpackQ4_K>>;
const TileFn tile_q5_k = tile_of_groups<SuperBlocks<UnpackQ5_K>>;
const TileFn tile_q6_k = tile_of_groups<SuperBlocks<UnpackQ6_K>>;
}  // namespace avx2

}  // namespace crossval
