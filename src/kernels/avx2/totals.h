// How the integer lanes of super-blocks become a float dot, by kind of minima: four rows and P
// positions at a time. Each states what scalar/superblocks.h states for its formats.
#pragma once

#include "kernels/avx2/superblocks.h"

namespace crossval {
namespace {

/// -d of an activation block, in every lane.
inline __m256 minus_d(const BlockQ8_K& a) {
  return _mm256_xor_ps(_mm256_broadcast_ss(&a.d), _mm256_set1_ps(-0.0F));
}

/// The eight sums of 32 activation codes, twice.
inline __m256i sums_of_32(const BlockQ8_K& a) {
  const __m128i sums = _mm_hadd_epi16(load128(a.sums), load128(a.sums + 8));
  return join128(sums, sums);
}

struct NoMinima {};

/// acc = fma(d, lanes, acc); the sum is multiplied by kEighths / 8 at the end.
template <int P, int kEighths = 8>
struct PlainTotals {
  __m256 acc[P][4];

  PlainTotals() {
    for (auto& of_position : acc) {
      for (__m256& of_row : of_position) of_row = _mm256_setzero_ps();
    }
  }
  template <class Factors>
  void add(const Factors& w, const BlockQ8_K* const (&a)[P], const __m256i (&sum)[P][4]) {
    for (int p = 0; p < P; ++p) {
      const __m256 da = _mm256_broadcast_ss(&a[p]->d);
      for (int r = 0; r < 4; ++r) {
        const __m256 d = _mm256_mul_ps(da, _mm256_broadcast_ss(&w.d[r]));
        acc[p][r] = _mm256_fmadd_ps(d, _mm256_cvtepi32_ps(sum[p][r]), acc[p][r]);
      }
    }
  }
  __m128 result(int p) const {
    const __m128 total = reduce4_a(acc[p]);
    return kEighths == 8 ? total : _mm_mul_ps(_mm_set1_ps(kEighths / 8.0F), total);
  }
};

/// Minima of each 16 values, in the lanes of the codes (Q2_K).
struct LaneMinima {
  alignas(32) int16_t sixteen[4][16];
  float dmin[4];
};

template <int P>
struct LaneMinimaTotals : PlainTotals<P> {
  template <class Factors>
  void add(const Factors& w, const BlockQ8_K* const (&a)[P], const __m256i (&sum)[P][4]) {
    for (int p = 0; p < P; ++p) {
      const __m256 negative = minus_d(*a[p]);
      const __m256i sums = load256(a[p]->sums);
      for (int r = 0; r < 4; ++r) {
        const __m256 dmin = _mm256_mul_ps(negative, _mm256_broadcast_ss(&w.minima.dmin[r]));
        const __m256i minima = _mm256_madd_epi16(load256(w.minima.sixteen[r]), sums);
        this->acc[p][r] = _mm256_fmadd_ps(dmin, _mm256_cvtepi32_ps(minima), this->acc[p][r]);
      }
    }
    PlainTotals<P>::add(w, a, sum);
  }
};

/// Minima of each 32 values.
struct MinimaOf32 {
  alignas(32) int16_t eight[4][8];
  float dmin[4];

  void set(int row, __m128i eight_of_16_bits, float of_row) {
    _mm_store_si128(reinterpret_cast<__m128i*>(eight[row]), eight_of_16_bits);
    dmin[row] = of_row;
  }
  /// The minima of two rows. Two loads: one of 32 bytes would wait for two stores of 16 to retire.
  __m256i of_rows(int first) const {
    return join128(load128(eight[first]), load128(eight[first + 1]));
  }
};

/// Four float lanes of their own for the minima (Q4_K); two rows share a vector.
template <int P>
struct FourLaneTotals : PlainTotals<P> {
  __m256 minima[P][2];

  FourLaneTotals() {
    for (auto& of_position : minima) of_position[0] = of_position[1] = _mm256_setzero_ps();
  }
  template <class Factors>
  void add(const Factors& w, const BlockQ8_K* const (&a)[P], const __m256i (&sum)[P][4]) {
    for (int p = 0; p < P; ++p) {
      const __m256 negative = minus_d(*a[p]);
      const __m256i sums = sums_of_32(*a[p]);
      for (int two = 0; two < 2; ++two) {
        const __m256 dmin =
            _mm256_mul_ps(negative, _mm256_set_m128(_mm_broadcast_ss(&w.minima.dmin[2 * two + 1]),
                                                    _mm_broadcast_ss(&w.minima.dmin[2 * two])));
        const __m256i lanes = _mm256_madd_epi16(w.minima.of_rows(2 * two), sums);
        minima[p][two] = _mm256_fmadd_ps(dmin, _mm256_cvtepi32_ps(lanes), minima[p][two]);
      }
    }
    PlainTotals<P>::add(w, a, sum);
  }
  __m128 result(int p) const {
    const __m128 of_minima = reduce4_distant(
        _mm256_castps256_ps128(minima[p][0]), _mm256_extractf128_ps(minima[p][0], 1),
        _mm256_castps256_ps128(minima[p][1]), _mm256_extractf128_ps(minima[p][1], 1));
    return _mm_add_ps(PlainTotals<P>::result(p), of_minima);
  }
};

/// One integer per block for the minima, then a product and a sum (Q5_K; IQ1_S with an eighth of
/// it).
template <int P, int kMinimaEighths = 8>
struct IntegerTotals : PlainTotals<P> {
  __m128 minima[P];  // of the four rows

  IntegerTotals() {
    for (__m128& of_position : minima) of_position = _mm_setzero_ps();
  }
  template <class Factors>
  void add(const Factors& w, const BlockQ8_K* const (&a)[P], const __m256i (&sum)[P][4]) {
    const __m128 dmin =
        _mm_setr_ps(w.minima.dmin[0], w.minima.dmin[1], w.minima.dmin[2], w.minima.dmin[3]);
    for (int p = 0; p < P; ++p) {
      const __m256i sums = sums_of_32(*a[p]);
      const __m256i rows01 = _mm256_madd_epi16(w.minima.of_rows(0), sums);
      const __m256i rows23 = _mm256_madd_epi16(w.minima.of_rows(2), sums);
      const __m256i pairs = _mm256_hadd_epi32(rows01, rows23);
      const __m256i whole = _mm256_hadd_epi32(pairs, pairs);  // rows 0 2 0 2 | 1 3 1 3
      const __m128i of_rows =
          _mm_unpacklo_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
      const __m128 scale = _mm_mul_ps(_mm256_castps256_ps128(minus_d(*a[p])), dmin);
      minima[p] = _mm_add_ps(minima[p], _mm_mul_ps(scale, _mm_cvtepi32_ps(of_rows)));
    }
    PlainTotals<P>::add(w, a, sum);
  }
  __m128 result(int p) const {
    const __m128 scaled =
        kMinimaEighths == 8 ? minima[p] : _mm_mul_ps(_mm_set1_ps(kMinimaEighths / 8.0F), minima[p]);
    return _mm_add_ps(PlainTotals<P>::result(p), scaled);
  }
};

/// Codes stored 2^kShift too large: lane l loses that much times the sums of groups 2l and 2l+1,
/// each times its scale (Q6_K).
template <int P, int kShift>
struct OffsetTotals : PlainTotals<P> {
  template <class Factors>
  void add(const Factors& w, const BlockQ8_K* const (&a)[P], __m256i (&sum)[P][4]) {
    for (int p = 0; p < P; ++p) {
      const __m256i sums = load256(a[p]->sums);
      for (int r = 0; r < 4; ++r) {
        const __m256i too_much = _mm256_madd_epi16(load256(w.scales.sixteen[r]), sums);
        sum[p][r] = _mm256_sub_epi32(sum[p][r], _mm256_slli_epi32(too_much, kShift));
      }
    }
    PlainTotals<P>::add(w, a, sum);
  }
};

}  // namespace
}  // namespace crossval
