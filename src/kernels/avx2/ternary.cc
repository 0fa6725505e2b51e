// AVX2 tiles of the super-blocks with codes -1, 0, 1: IQ1_S, IQ1_M (quant/iq1_quants.h), TQ1_0 and
// TQ2_0 (quant/ternary.h). Codes are unpacked one too large, as unsigned bytes.
#include "quant/ternary.h"

#include "kernels/avx2/tiles.h"
#include "kernels/avx2/totals.h"
#include "quant/codebooks.h"
#include "quant/iq1_quants.h"

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

/// The shifts' signs: a 16-bit element of each row for each 32 values, bit 3 of nibble k for values
/// 8k on.
struct Shifts {
  uint16_t nibbles[4][8];

  /// Scales of the pairs of a group, negated where the shift goes down.
  __m256i apply(int group, int row, __m256i scales) const {
    const __m256i word = _mm256_set1_epi64x(nibbles[row][group]);
    const __m256i on_top = _mm256_sllv_epi64(word, _mm256_setr_epi64x(60, 56, 52, 48));
    const __m256i top_word = _mm256_set1_epi64x(0x0706070607060706);
    const __m256i pick =
        _mm256_add_epi8(top_word, _mm256_setr_epi64x(0, 0x0808080808080808, 0, 0x0808080808080808));
    const __m256i signs = _mm256_or_si256(_mm256_shuffle_epi8(on_top, pick), _mm256_set1_epi16(1));
    return _mm256_sign_epi16(scales, signs);
  }
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
    for (auto& of_position : of_shifts) {
      for (__m256i& of_row : of_position) of_row = _mm256_setzero_si256();
    }
#pragma GCC unroll 8
    for (int g = 0; g < 8; ++g) {
      __m256i pairs[P];
      for (int p = 0; p < P; ++p) {
        pairs[p] = _mm256_maddubs_epi16(_mm256_set1_epi8(1), load256(a[p]->codes + 32 * g));
      }
      for (int r = 0; r < 4; ++r) {
        const __m256i scales = w.minima.apply(g, r, w.scales.of(g, r));
        for (int p = 0; p < P; ++p) {
          of_shifts[p][r] = _mm256_add_epi32(of_shifts[p][r], _mm256_madd_epi16(scales, pairs[p]));
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
  using Minima = Shifts;
  template <int P>
  using Totals = ShiftTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    const unsigned high = u16_at(block + 32 + 2 * g);
    return iq1_entries(block + 4 * g, high, high >> 4, high >> 8, high >> 12);
  }
  template <class Factors>
  static void factors(const uint8_t* block, int row, Factors& out) {
    uint64_t words;
    std::memcpy(&words, block + 48, sizeof words);
    const auto d = static_cast<uint16_t>(_pext_u64(words, 0xF000F000F000F000U));
    // Sixteen fields of three bits: each word's four into the bytes of an element of 32 bits.
    const uint64_t low = _pdep_u64(_pext_u64(words, 0x0FFF0FFFU), 0x0707070707070707U);
    const uint64_t high = _pdep_u64(_pext_u64(words, 0x0FFF0FFF00000000U), 0x0707070707070707U);
    const __m128i three = _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
    const __m128i scales = _mm_add_epi8(_mm_add_epi8(three, three), _mm_set1_epi8(1));
    out.d[row] = _cvtsh_ss(d);
    out.scales.set(row, _mm256_cvtepu8_epi16(scales));
    std::memcpy(out.minima.nibbles[row], block + 32, sizeof out.minima.nibbles[row]);
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

/// The first digit of base-3 fractions in bytes: 3q / 256, that is 1 from 86 on and 2 from 171 on.
inline __m256i first_digits(__m256i q) {
  const __m256i from_86 = _mm256_cmpeq_epi8(_mm256_max_epu8(q, _mm256_set1_epi8(86)), q);
  const __m256i from_171 =
      _mm256_cmpeq_epi8(_mm256_max_epu8(q, _mm256_set1_epi8(static_cast<char>(171))), q);
  return _mm256_abs_epi8(_mm256_add_epi8(from_86, from_171));
}

/// q * 3^k mod 256: drops k digits.
inline __m256i drop_digits(__m256i q, int k) {
  for (; k > 0; --k) q = _mm256_add_epi8(_mm256_add_epi8(q, q), q);
  return q;
}

struct UnpackTQ1_0 {
  static constexpr int kBytes = TQ1_0::kBytes;
  static constexpr Codes kCodes = Codes::as_stored;
  using Scales = UnitScales;
  using Minima = NoMinima;
  template <int P>
  using Totals = TernaryTotals<P>;

  static __m256i codes(const uint8_t* block, int g) {
    if (g < 5) return first_digits(drop_digits(load256(block), g));
    const __m256i sixteen = _mm256_broadcastsi128_si256(load128(block + 32));
    if (g < 7) {  // two digits of the sixteen bytes
      const __m256i first = drop_digits(sixteen, 2 * (g - 5));
      return first_digits(_mm256_blend_epi32(first, drop_digits(first, 1), 0xF0));
    }
    const __m256i four =
        _mm256_set1_epi32(static_cast<int>(u32_at(block + 48)));  // their four digits
    __m256i last = _mm256_blend_epi32(drop_digits(sixteen, 4), four, 0x10);
    last = _mm256_blend_epi32(last, drop_digits(four, 1), 0x20);
    last = _mm256_blend_epi32(last, drop_digits(four, 2), 0x40);
    return first_digits(_mm256_blend_epi32(last, drop_digits(four, 3), 0x80));
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
