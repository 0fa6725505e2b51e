// AVX2 tiles of 32-value blocks (arithmetic: scalar_blocks32.h). Signed codes go through the
// unsigned multiply as |w| times a with w's sign, which is exact but for a = -128 under a negative
// w: eight bits cannot negate it, and the definition follows.
#include "kernels/avx2_lanes.h"
#include "kernels/avx2_tiles.h"
#include "quant/blocks32.h"

namespace crossval {
namespace {

struct Codes32x4 {
  alignas(32) int8_t codes[4][32];
  float d[4];
  float m[4];
};

struct UnpackQ4_0 {
  using Format = Q4_0;
  static __m256i codes(const uint8_t* block) {
    return _mm256_sub_epi8(nibbles(block + 2), _mm256_set1_epi8(8));
  }
};

struct UnpackQ4_1 {
  using Format = Q4_1;
  static __m256i codes(const uint8_t* block) { return nibbles(block + 4); }
};

struct UnpackQ5_0 {
  using Format = Q5_0;
  static __m256i codes(const uint8_t* block) {  // a clear fifth bit takes 16 off
    const __m256i clear = _mm256_andnot_si256(bits_as_masks(u32_at(block + 2)),
                                              _mm256_set1_epi8(static_cast<char>(0xF0)));
    return _mm256_or_si256(nibbles(block + 6), clear);
  }
};

struct UnpackQ5_1 {
  using Format = Q5_1;
  static __m256i codes(const uint8_t* block) {
    const __m256i fifth =
        _mm256_and_si256(bits_as_masks(u32_at(block + 4)), _mm256_set1_epi8(0x10));
    return _mm256_or_si256(nibbles(block + 8), fifth);
  }
};

struct UnpackQ8_0 {
  using Format = Q8_0;
  static __m256i codes(const uint8_t* block) { return load256(block + 2); }
};

template <class Unpack>
struct Blocks32 {
  using Format = typename Unpack::Format;
  using Block4 = Codes32x4;
  static constexpr int kElements = 32;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Format::kBytes;
      store256(out.codes[r], Unpack::codes(block));
      out.d[r] = f16_at(block);
      if constexpr (Format::kHasMin) out.m[r] = f16_at(block + 2);
    }
  }

  template <int P, class Get>
  static void dot(Get get, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    if constexpr (Format::kHasMin) {
      dot_with_minima<P>(get, blocks, activations, results);
    } else {
      dot_signed<P>(get, blocks, activations, results);
    }
  }

  template <int P, class Get>
  static void dot_signed(Get get, int64_t blocks, const std::byte* const (&activations)[P],
                         __m128 (&results)[P]) {
    __m256 acc[P][4];
    for (int p = 0; p < P; ++p) {
      for (int r = 0; r < 4; ++r) acc[p][r] = _mm256_setzero_ps();
    }
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = get(b);
      __m256i codes[P];
      __m256 d[P];
      for (int p = 0; p < P; ++p) {
        const BlockQ8_0& a = reinterpret_cast<const BlockQ8_0*>(activations[p])[b];
        codes[p] = load256(a.codes);
        d[p] = _mm256_broadcast_ss(&a.d);
      }
      for (int r = 0; r < 4; ++r) {
        const __m256i signed_w = load256(w.codes[r]);
        const __m256i magnitude = _mm256_abs_epi8(signed_w);
        const __m256 dw = _mm256_broadcast_ss(&w.d[r]);
        for (int p = 0; p < P; ++p) {
          const __m256i sums = lane_sums(magnitude, _mm256_sign_epi8(codes[p], signed_w));
          acc[p][r] = _mm256_fmadd_ps(_mm256_mul_ps(dw, d[p]), _mm256_cvtepi32_ps(sums), acc[p][r]);
        }
      }
    }
    for (int p = 0; p < P; ++p) results[p] = reduce4_a(acc[p]);
  }

  template <int P, class Get>
  static void dot_with_minima(Get get, int64_t blocks, const std::byte* const (&activations)[P],
                              __m128 (&results)[P]) {
    __m256 acc[P][4];
    __m128 minima[P];  // of the four rows
    for (int p = 0; p < P; ++p) {
      for (int r = 0; r < 4; ++r) acc[p][r] = _mm256_setzero_ps();
      minima[p] = _mm_setzero_ps();
    }
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = get(b);
      __m256i codes[P];
      __m256 d[P];
      for (int p = 0; p < P; ++p) {
        const BlockQ8_1& a = reinterpret_cast<const BlockQ8_1*>(activations[p])[b];
        codes[p] = load256(a.codes);
        d[p] = _mm256_broadcast_ss(&a.d);
        minima[p] = _mm_add_ps(minima[p], _mm_mul_ps(_mm_loadu_ps(w.m), _mm_broadcast_ss(&a.s)));
      }
      for (int r = 0; r < 4; ++r) {
        const __m256i unsigned_w = load256(w.codes[r]);
        const __m256 dw = _mm256_broadcast_ss(&w.d[r]);
        for (int p = 0; p < P; ++p) {
          const __m256i sums = lane_sums(unsigned_w, codes[p]);
          acc[p][r] = _mm256_fmadd_ps(_mm256_mul_ps(dw, d[p]), _mm256_cvtepi32_ps(sums), acc[p][r]);
        }
      }
    }
    for (int p = 0; p < P; ++p) results[p] = _mm_add_ps(reduce4_a(acc[p]), minima[p]);
  }
};

}  // namespace

namespace avx2 {
const TileFn tile_q4_0 = tile_of_groups<Blocks32<UnpackQ4_0>>;
const TileFn tile_q4_1 = tile_of_groups<Blocks32<UnpackQ4_1>>;
const TileFn tile_q5_0 = tile_of_groups<Blocks32<UnpackQ5_0>>;
const TileFn tile_q5_1 = tile_of_groups<Blocks32<UnpackQ5_1>>;
const TileFn tile_q8_0 = tile_of_groups<Blocks32<UnpackQ8_0>>;
}  // namespace avx2

}  // namespace crossval
