// AVX2 tiles of Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0; layouts: quant/blocks32.h.
#include "kernels/avx2/blocks32.h"

#include "kernels/avx2/tiles.h"
#include "quant/blocks32.h"

namespace crossval {
namespace {

/// The first binary16 of four blocks.
inline void load_d(const uint8_t* const (&rows)[4], int64_t offset, __m128& d, __m128& m) {
  const __m128i halves4 =
      _mm_setr_epi16(static_cast<int16_t>(u16_at(rows[0] + offset)),
                     static_cast<int16_t>(u16_at(rows[1] + offset)),
                     static_cast<int16_t>(u16_at(rows[2] + offset)),
                     static_cast<int16_t>(u16_at(rows[3] + offset)), 0, 0, 0, 0);
  d = _mm_cvtph_ps(halves4);
  m = _mm_setzero_ps();
}

/// The first two.
inline void load_d_and_m(const uint8_t* const (&rows)[4], int64_t offset, __m128& d, __m128& m) {
  const __m128i halves8 = _mm_setr_epi32(
      static_cast<int>(u32_at(rows[0] + offset)), static_cast<int>(u32_at(rows[1] + offset)),
      static_cast<int>(u32_at(rows[2] + offset)), static_cast<int>(u32_at(rows[3] + offset)));
  const __m256 both = _mm256_cvtph_ps(halves8);  // d0 m0 d1 m1 | d2 m2 d3 m3
  const __m128 low = _mm256_castps256_ps128(both);
  const __m128 high = _mm256_extractf128_ps(both, 1);
  d = _mm_shuffle_ps(low, high, 0x88);
  m = _mm_shuffle_ps(low, high, 0xDD);
}

struct UnpackQ4_0 {
  static constexpr int kBytes = Q4_0::kBytes;
  static constexpr bool kHasMin = false;
  static constexpr auto scales = load_d;
  static __m256i codes(const uint8_t* block) {
    return _mm256_sub_epi8(nibbles(block + 2), _mm256_set1_epi8(8));
  }
};

struct UnpackQ4_1 {
  static constexpr int kBytes = Q4_1::kBytes;
  static constexpr bool kHasMin = true;
  static constexpr auto scales = load_d_and_m;
  static __m256i codes(const uint8_t* block) { return nibbles(block + 4); }
};

struct UnpackQ5_0 {
  static constexpr int kBytes = Q5_0::kBytes;
  static constexpr bool kHasMin = false;
  static constexpr auto scales = load_d;
  static __m256i codes(const uint8_t* block) {  // a clear fifth bit takes 16 off
    const __m256i clear = _mm256_andnot_si256(bits_as_masks(u32_at(block + 2)),
                                              _mm256_set1_epi8(static_cast<char>(0xF0)));
    return _mm256_or_si256(nibbles(block + 6), clear);
  }
};

struct UnpackQ5_1 {
  static constexpr int kBytes = Q5_1::kBytes;
  static constexpr bool kHasMin = true;
  static constexpr auto scales = load_d_and_m;
  static __m256i codes(const uint8_t* block) {
    const __m256i fifth =
        _mm256_and_si256(bits_as_masks(u32_at(block + 4)), _mm256_set1_epi8(0x10));
    return _mm256_or_si256(nibbles(block + 8), fifth);
  }
};

struct UnpackQ8_0 {
  static constexpr int kBytes = Q8_0::kBytes;
  static constexpr bool kHasMin = false;
  static constexpr auto scales = load_d;
  static __m256i codes(const uint8_t* block) { return load256(block + 2); }
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
