// What the AVX2 files share. They are compiled for AVX2, FMA, F16C and BMI2, so nothing here may be
// seen by the linker: an inline function that another file also has could be taken from these
// objects and then run on a processor without AVX2. Hence the anonymous namespace, and no std::
// helpers.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/kernels.h"

namespace crossval {
namespace {

inline const uint8_t* bytes_of(const std::byte* p) { return reinterpret_cast<const uint8_t*>(p); }

inline __m256i load256(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline __m128i load128(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
inline void store256(void* p, __m256i v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
inline __m256i join128(__m128i low, __m128i high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

inline uint16_t u16_at(const uint8_t* p) {
  uint16_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
inline uint32_t u32_at(const uint8_t* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
inline float f16_at(const uint8_t* p) { return _cvtsh_ss(u16_at(p)); }

/// Sixteen bytes of nibbles as 32 bytes: low nibbles, then high ones.
inline __m256i nibbles(const uint8_t* p) {
  const __m128i packed = load128(p);
  return _mm256_and_si256(join128(packed, _mm_srli_epi16(packed, 4)), _mm256_set1_epi8(0x0F));
}

/// Bit i of `bits` as byte i: 0xFF where set.
inline __m256i bits_as_masks(uint32_t bits) {
  const __m256i spread =
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ULL));
  const __m256i byte = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), spread);
  return _mm256_cmpeq_epi8(_mm256_and_si256(byte, bit), bit);
}

/// Sums of four neighbouring products, unsigned codes times signed ones: eight 32-bit lanes.
inline __m256i lane_sums(__m256i unsigned_codes, __m256i signed_codes) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(unsigned_codes, signed_codes),
                           _mm256_set1_epi16(1));
}

/// The sum of all lanes of each of four vectors.
inline __m128i totals_of_four(const __m256i (&lanes)[4]) {
  const __m256i ab = _mm256_hadd_epi32(lanes[0], lanes[1]);
  const __m256i cd = _mm256_hadd_epi32(lanes[2], lanes[3]);
  const __m256i abcd = _mm256_hadd_epi32(ab, cd);
  return _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1));
}

inline __m128 halves(__m256 a) {
  return _mm_add_ps(_mm256_extractf128_ps(a, 1), _mm256_castps256_ps128(a));
}

/// (r0 + r2) + (r1 + r3) of each of four vectors.
inline __m128 reduce4_distant(__m128 a, __m128 b, __m128 c, __m128 d) {
  const __m128 ab = _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
  const __m128 cd = _mm_add_ps(_mm_movelh_ps(c, d), _mm_movehl_ps(d, c));
  return _mm_add_ps(_mm_shuffle_ps(ab, cd, 0x88), _mm_shuffle_ps(ab, cd, 0xDD));
}

/// Reduction A of four accumulators at once.
inline __m128 reduce4_a(const __m256 (&acc)[4]) {
  return reduce4_distant(halves(acc[0]), halves(acc[1]), halves(acc[2]), halves(acc[3]));
}

/// Reduction B of four accumulators at once.
inline __m128 reduce4_b(const __m256 (&acc)[4]) {
  return _mm_hadd_ps(_mm_hadd_ps(halves(acc[0]), halves(acc[1])),
                     _mm_hadd_ps(halves(acc[2]), halves(acc[3])));
}

}  // namespace
}  // namespace crossval
