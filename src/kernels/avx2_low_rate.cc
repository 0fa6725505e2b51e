// AVX2 tiles of the super-blocks with codes -1, 0, 1: IQ1_S, IQ1_M (quant/iq1_quants.h), TQ1_0 and
// TQ2_0 (quant/ternary.h). Codes are unpacked one too large, as unsigned bytes.
#include "kernels/avx2_tiles.h"
#include "kernels/avx2_totals.h"
#include "quant/codebooks.h"
#include "quant/iq1_quants.h"
#include "quant/ternary.h"

namespace crossval {
namespace {

// ---- IQ1

/// Four codebook entries of eight values, each value plus one.
inline __m256i iq1_entries(const uint8_t* low, unsigned high0, unsigned high1, unsigned high2,
                           unsigned high3) {
  const auto entry = [](unsigned index) { return static_cast<long long>(kIq1Grid[index]); };
  const __m256i values =
      _mm256_setr_epi64x(entry(low[0] | (high0 & 7U) << 8), entry(low[1] | (high1 & 7U) << 8),
                         entry(low[2] | (high2 & 7U) << 8), entry(low[3] | (high3 & 7U) << 8));
  return _mm256_add_epi8(values, _mm256_set1_epi8(1));
}

struct UnpackIQ1_S {
  static constexpr int kBytes = IQ1_S::kBytes;
  static constexpr Codes kCodes = Codes::less_offset;
  static constexpr char kOffset = 1;
  using Scales = ScalesOf32;
  using Minima = MinimaOf32;  // +-scale: the shifts of each 32 values
  template <int P>
  using Totals = IntegerTotals<P, 1>;

  static __m256i codes(const uint8_t* block, int g) {
    const unsigned word = u16_at(block + 34 + 2 * g);
    return iq1_entries(block + 2 + 4 * g, word, word >> 3, word >> 6, word >> 9);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    const __m128i words = load128(block + 34);
    const __m128i three = _mm_and_si128(_mm_srli_epi16(words, 12), _mm_set1_epi16(7));
    const __m128i scales = _mm_add_epi16(_mm_add_epi16(three, three), _mm_set1_epi16(1));
    const __m128i down = _mm_or_si128(_mm_srai_epi16(words, 15), _mm_set1_epi16(1));  // -1 or 1
    out.d[row] = f16_at(block);
    out.scales.set(row, _mm256_cvtepu16_epi32(scales));
    out.minima.set(row, _mm_sign_epi16(scales, down), -out.d[row]);  // a minimum is taken off
  }
};

/// Scale times shift for the pairs of each 32 values.
struct ShiftScales {
  alignas(32) int16_t lanes[8][4][16];
};

/// Lanes of their own for the shifts: every activation code counts as scale times shift (IQ1_M).
template <int P>
struct ShiftTotals {
  PlainTotals<P> codes;
  PlainTotals<P, 1> shifts;

  template <class Factors>
  void add(const Factors& w, const BlockQ8_K* const (&a)[P], const __m256i (&sum)[P][4]) {
    codes.add(w, a, sum);
    __m256i of_shifts[P][4];
    for (int p = 0; p < P; ++p) {
      for (int r = 0; r < 4; ++r) of_shifts[p][r] = _mm256_setzero_si256();
      for (int g = 0; g < 8; ++g) {
        const __m256i pairs =
            _mm256_maddubs_epi16(_mm256_set1_epi8(1), load256(a[p]->codes + 32 * g));
        for (int r = 0; r < 4; ++r) {
          const __m256i products = _mm256_madd_epi16(load256(w.minima.lanes[g][r]), pairs);
          of_shifts[p][r] = _mm256_add_epi32(of_shifts[p][r], products);
        }
      }
    }
    shifts.add(w, a, of_shifts);
  }
  __m128 result(int p) const { return _mm_add_ps(codes.result(p), shifts.result(p)); }
};

struct UnpackIQ1_M {
  static constexpr int kBytes = IQ1_M::kBytes;
  static constexpr Codes kCodes = Codes::less_offset;
  static constexpr char kOffset = 1;
  using Scales = ScalesOf16;
  using Minima = ShiftScales;
  template <int P>
  using Totals = ShiftTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    const unsigned high = u16_at(block + 32 + 2 * g);
    return iq1_entries(block + 4 * g, high, high >> 4, high >> 8, high >> 12);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    alignas(32) int16_t scales[16];
    unsigned d = 0;
    for (int w = 0; w < 4; ++w) {
      const unsigned word = u16_at(block + 48 + 2 * w);
      d |= word >> 12 << (4 * w);
      for (int k = 0; k < 4; ++k)
        scales[4 * w + k] = static_cast<int16_t>(2 * (word >> (3 * k) & 7U) + 1);
    }
    out.d[row] = _cvtsh_ss(static_cast<uint16_t>(d));
    out.scales.set(row, load256(scales));
    for (int g = 0; g < 8; ++g) {
      const unsigned high = u16_at(block + 32 + 2 * g);
      int16_t value[4];
      for (int k = 0; k < 4; ++k) {
        const int16_t scale = scales[2 * g + k / 2];
        value[k] = static_cast<int16_t>(high >> (4 * k) & 8U ? -scale : scale);
      }
      const __m128i low = _mm_unpacklo_epi64(_mm_set1_epi16(value[0]), _mm_set1_epi16(value[1]));
      const __m128i top = _mm_unpacklo_epi64(_mm_set1_epi16(value[2]), _mm_set1_epi16(value[3]));
      store256(out.minima.lanes[g][row], join128(low, top));
    }
  }
};

// ---- ternary

/// Lanes less the sums of their two groups of 16, the codes being one too large; product and sum
/// are rounded one after the other.
template <int P>
struct TernaryTotals : PlainTotals<P> {
  template <class Factors>
  void add(const Factors& w, const BlockQ8_K* const (&a)[P], const __m256i (&sum)[P][4]) {
    for (int p = 0; p < P; ++p) {
      const __m256i too_much = _mm256_madd_epi16(load256(a[p]->sums), _mm256_set1_epi16(1));
      const __m256 da = _mm256_broadcast_ss(&a[p]->d);
      for (int r = 0; r < 4; ++r) {
        const __m256 d = _mm256_mul_ps(da, _mm256_broadcast_ss(&w.d[r]));
        const __m256 lanes = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum[p][r], too_much));
        this->acc[p][r] = _mm256_add_ps(_mm256_mul_ps(lanes, d), this->acc[p][r]);
      }
    }
  }
};

struct UnpackTQ2_0 {
  static constexpr int kBytes = TQ2_0::kBytes;
  static constexpr Codes kCodes = Codes::as_stored;
  using Scales = UnitScales;
  using Minima = NoMinima;
  template <int P>
  using Totals = TernaryTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    return low_bits(load256(block + g / 4 * 32), g % 4 * 2, 3);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block + 64);
  }
};

/// Digits of 32 bytes of base-3 fractions: byte times power mod 256, times 3, over 256. `power`
/// holds the multiplier of both bytes of a 16-bit element.
inline __m256i digits(__m256i bytes, __m256i power) {
  const __m256i low = _mm256_set1_epi16(0xFF);
  const __m256i three = _mm256_set1_epi16(3);
  const __m256i even =
      _mm256_and_si256(_mm256_mullo_epi16(_mm256_and_si256(bytes, low), power), low);
  const __m256i odd = _mm256_and_si256(_mm256_mullo_epi16(_mm256_srli_epi16(bytes, 8), power), low);
  const __m256i even_digit = _mm256_srli_epi16(_mm256_mullo_epi16(even, three), 8);
  const __m256i odd_digit = _mm256_andnot_si256(low, _mm256_mullo_epi16(odd, three));
  return _mm256_or_si256(even_digit, odd_digit);
}

struct UnpackTQ1_0 {
  static constexpr int kBytes = TQ1_0::kBytes;
  static constexpr Codes kCodes = Codes::as_stored;
  using Scales = UnitScales;
  using Minima = NoMinima;
  template <int P>
  using Totals = TernaryTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    constexpr int16_t kPower[5] = {1, 3, 9, 27, 81};
    if (g < 5) return digits(load256(block), _mm256_set1_epi16(kPower[g]));
    const __m128i sixteen = load128(block + 32);
    if (g < 7) {
      const __m256i power =
          join128(_mm_set1_epi16(kPower[2 * (g - 5)]), _mm_set1_epi16(kPower[2 * (g - 5) + 1]));
      return digits(join128(sixteen, sixteen), power);
    }
    const __m128i last = _mm_set1_epi32(static_cast<int>(u32_at(block + 48)));
    const __m256i power = join128(_mm_set1_epi16(81), _mm_setr_epi16(1, 1, 3, 3, 9, 9, 27, 27));
    return digits(join128(sixteen, last), power);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    out.d[row] = f16_at(block + 52);
  }
};

}  // namespace

namespace avx2 {
const TileFn tile_iq1_s = tile_of_groups<SuperBlocks<UnpackIQ1_S>>;
const TileFn tile_iq1_m = tile_of_groups<SuperBlocks<UnpackIQ1_M>>;
const TileFn tile_tq1_0 = tile_of_groups<SuperBlocks<UnpackTQ1_0>>;
const TileFn tile_tq2_0 = tile_of_groups<SuperBlocks<UnpackTQ2_0>>;
}  // namespace avx2

}  // namespace crossval
