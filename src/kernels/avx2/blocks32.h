// Tiles of blocks of 32 with one scale (arithmetic: scalar/blocks32.h). Signed codes go through the
// unsigned multiply as |w| times a with w's sign, which is exact but for a = -128 under a negative
// w: eight bits cannot negate it, and the definition follows.
#pragma once

#include "kernels/avx2/groups.h"

namespace crossval {
namespace {

struct Codes32x4 {
  alignas(32) int8_t codes[4][32];
  float d[4];
  float m[4];
};

/// Eight lanes of four products each.
template <bool kSigned>
__m256i block_sums(__m256i w, __m256i a) {
  return kSigned ? lane_sums(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w)) : lane_sums(w, a);
}

template <bool kHasMin>
struct Activation32 {
  using Block = BlockQ8_0;
};
template <>
struct Activation32<true> {
  using Block = BlockQ8_1;
};

/// Format: kBytes, kHasMin (then unsigned codes and Q8_1, else signed ones and Q8_0), codes(block),
/// scales(rows, offset, d, m): scales and minima of the four blocks at that byte offset.
template <class Format>
struct Blocks32 {
  using Block4 = Codes32x4;
  using Activation = typename Activation32<Format::kHasMin>::Block;
  static constexpr int kElements = 32;
  static constexpr bool kHasMin = Format::kHasMin;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    const int64_t offset = b * Format::kBytes;
    for (int r = 0; r < 4; ++r) store256(out.codes[r], Format::codes(rows[r] + offset));
    __m128 d;
    __m128 m;
    Format::scales(rows, offset, d, m);
    _mm_storeu_ps(out.d, d);
    _mm_storeu_ps(out.m, m);
  }

  template <int P>
  static void dot(const Block4* unpacked, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    __m256 acc[P][4];
    __m128 minima[P];  // of the four rows
    for (int p = 0; p < P; ++p) {
      for (int r = 0; r < 4; ++r) acc[p][r] = _mm256_setzero_ps();
      minima[p] = _mm_setzero_ps();
    }
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = unpacked[b];
      __m256i codes[P];
      __m256 d[P];
      for (int p = 0; p < P; ++p) {
        const auto& a = reinterpret_cast<const Activation*>(activations[p])[b];
        codes[p] = load256(a.codes);
        d[p] = _mm256_broadcast_ss(&a.d);
        if constexpr (kHasMin) {
          const __m128 products = _mm_mul_ps(_mm_loadu_ps(w.m), _mm_broadcast_ss(&a.s));
          minima[p] = _mm_add_ps(minima[p], products);
        }
      }
      for (int r = 0; r < 4; ++r) {
        const __m256i w_codes = load256(w.codes[r]);
        const __m256 dw = _mm256_broadcast_ss(&w.d[r]);
        for (int p = 0; p < P; ++p) {
          const __m256 sums = _mm256_cvtepi32_ps(block_sums<!kHasMin>(w_codes, codes[p]));
          acc[p][r] = _mm256_fmadd_ps(_mm256_mul_ps(dw, d[p]), sums, acc[p][r]);
        }
      }
    }
    for (int p = 0; p < P; ++p) {
      results[p] = reduce4_a(acc[p]);
      if constexpr (kHasMin) results[p] = _mm_add_ps(results[p], minima[p]);
    }
  }

  static __m128 dot_stored(const uint8_t* const (&rows)[4], int64_t blocks,
                           const std::byte* activations) {
    __m256 acc[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                     _mm256_setzero_ps()};
    __m128 minima = _mm_setzero_ps();
    const auto* a = reinterpret_cast<const Activation*>(activations);
    for (int64_t b = 0; b < blocks; ++b, ++a) {
      const int64_t offset = b * Format::kBytes;
      const __m256i a_codes = load256(a->codes);
      __m128 d;
      __m128 m;
      Format::scales(rows, offset, d, m);
      float scale[4];
      _mm_storeu_ps(scale, _mm_mul_ps(d, _mm_broadcast_ss(&a->d)));
      if constexpr (kHasMin) minima = _mm_add_ps(minima, _mm_mul_ps(m, _mm_broadcast_ss(&a->s)));
      for (int r = 0; r < 4; ++r) {
        prefetch_ahead<Format::kBytes>(rows[r] + offset);
        const __m256 sums =
            _mm256_cvtepi32_ps(block_sums<!kHasMin>(Format::codes(rows[r] + offset), a_codes));
        acc[r] = _mm256_fmadd_ps(_mm256_broadcast_ss(&scale[r]), sums, acc[r]);
      }
    }
    const __m128 result = reduce4_a(acc);
    return kHasMin ? _mm_add_ps(result, minima) : result;
  }
};

}  // namespace
}  // namespace crossval
