// AVX2 tiles of the four-bit formats with a table of values: IQ4_NL, MXFP4, NVFP4 (layouts:
// quant/nonlinear.h; arithmetic: scalar/small_blocks.h).
#include "quant/nonlinear.h"

#include "kernels/avx2/blocks32.h"
#include "kernels/avx2/tiles.h"

namespace crossval {
namespace {

inline __m256i table_entries(const int8_t (&table)[16], __m256i indices) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load128(table)), indices);
}

/// Sums over all 32 signed products, without the rule for -128, of four rows.
inline __m128i plain_totals(const __m256i (&w)[4], __m256i a) {
  __m256i lanes[4];
  const __m256i a_low = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(a));
  const __m256i a_high = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(a, 1));
  for (int r = 0; r < 4; ++r) {
    const __m256i low = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(w[r]));
    const __m256i high = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(w[r], 1));
    lanes[r] = _mm256_add_epi32(_mm256_madd_epi16(low, a_low), _mm256_madd_epi16(high, a_high));
  }
  return totals_of_four(lanes);
}

/// Even and odd blocks have accumulators of their own; a last block without a partner is one
/// integer. Format: kBytes, codes(block), scales(rows, offset).
template <class Format>
struct Pairs32 {
  struct Block4 {
    alignas(32) int8_t codes[4][32];
    float d[4];
  };
  static constexpr int kElements = 32;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    const int64_t offset = b * Format::kBytes;
    for (int r = 0; r < 4; ++r) store256(out.codes[r], Format::codes(rows[r] + offset));
    _mm_storeu_ps(out.d, Format::scales(rows, offset));
  }

  template <int P>
  static void dot(const Block4* unpacked, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    const int64_t paired = blocks / 2 * 2;
    __m256 total[P][4];
    for (int odd = 0; odd < 2; ++odd) {
      __m256 acc[P][4];
      for (auto& of_position : acc) {
        for (__m256& of_row : of_position) of_row = _mm256_setzero_ps();
      }
      for (int64_t b = odd; b < paired; b += 2) {
        for (int p = 0; p < P; ++p) {
          const BlockQ8_0& a = reinterpret_cast<const BlockQ8_0*>(activations[p])[b];
          add_block(unpacked[b].codes, unpacked[b].d, a, acc[p]);
        }
      }
      for (int p = 0; p < P; ++p) {
        for (int r = 0; r < 4; ++r)
          total[p][r] = odd ? _mm256_add_ps(total[p][r], acc[p][r]) : acc[p][r];
      }
    }
    for (int p = 0; p < P; ++p) {
      results[p] = reduce4_a(total[p]);
      if (paired == blocks) continue;
      const Block4& w = unpacked[paired];
      const __m256i codes[4] = {load256(w.codes[0]), load256(w.codes[1]), load256(w.codes[2]),
                                load256(w.codes[3])};
      const BlockQ8_0& a = reinterpret_cast<const BlockQ8_0*>(activations[p])[paired];
      results[p] = add_last(codes, _mm_loadu_ps(w.d), a, results[p]);
    }
  }

  static __m128 dot_stored(const uint8_t* const (&rows)[4], int64_t blocks,
                           const std::byte* activations) {
    const int64_t paired = blocks / 2 * 2;
    const auto* a = reinterpret_cast<const BlockQ8_0*>(activations);
    __m256 acc[2][4];
    for (auto& of_parity : acc) {
      for (__m256& of_row : of_parity) of_row = _mm256_setzero_ps();
    }
    Block4 w;
    for (int64_t b = 0; b < paired; ++b) {
      unpack(rows, b, w);
      add_block(w.codes, w.d, a[b], acc[b % 2]);
    }
    __m256 total[4];
    for (int r = 0; r < 4; ++r) total[r] = _mm256_add_ps(acc[0][r], acc[1][r]);
    const __m128 result = reduce4_a(total);
    if (paired == blocks) return result;
    const int64_t offset = paired * Format::kBytes;
    const __m256i codes[4] = {Format::codes(rows[0] + offset), Format::codes(rows[1] + offset),
                              Format::codes(rows[2] + offset), Format::codes(rows[3] + offset)};
    return add_last(codes, Format::scales(rows, offset), a[paired], result);
  }

 private:
  static void add_block(const int8_t (&w)[4][32], const float (&dw)[4], const BlockQ8_0& a,
                        __m256 (&acc)[4]) {
    const __m256i a_codes = load256(a.codes);
    const __m256 da = _mm256_broadcast_ss(&a.d);
    for (int r = 0; r < 4; ++r) {
      const __m256 d = _mm256_mul_ps(_mm256_broadcast_ss(&dw[r]), da);
      const __m256 sums = _mm256_cvtepi32_ps(block_sums<true>(load256(w[r]), a_codes));
      acc[r] = _mm256_fmadd_ps(d, sums, acc[r]);
    }
  }

  static __m128 add_last(const __m256i (&w)[4], __m128 dw, const BlockQ8_0& a, __m128 result) {
    const __m128 sums = _mm_cvtepi32_ps(plain_totals(w, load256(a.codes)));
    return _mm_add_ps(result, _mm_mul_ps(_mm_mul_ps(dw, _mm_broadcast_ss(&a.d)), sums));
  }
};

struct UnpackIQ4_NL {
  static constexpr int kBytes = IQ4_NL::kBytes;
  static __m256i codes(const uint8_t* block) {
    return table_entries(kIq4Values, nibbles(block + 2));
  }
  static __m128 scales(const uint8_t* const (&rows)[4], int64_t offset) {
    return _mm_setr_ps(f16_at(rows[0] + offset), f16_at(rows[1] + offset), f16_at(rows[2] + offset),
                       f16_at(rows[3] + offset));
  }
};

struct UnpackMXFP4 {
  static constexpr int kBytes = MXFP4::kBytes;
  static __m256i codes(const uint8_t* block) {
    return table_entries(kFp4Values, nibbles(block + 1));
  }
  static int scale_bits(uint8_t e) {
    return e < 2 ? 0x00200000 << e : (e - 1) << 23;
  }  // 2^(e - 128)
  static __m128 scales(const uint8_t* const (&rows)[4], int64_t offset) {
    return _mm_castsi128_ps(
        _mm_setr_epi32(scale_bits(*(rows[0] + offset)), scale_bits(*(rows[1] + offset)),
                       scale_bits(*(rows[2] + offset)), scale_bits(*(rows[3] + offset))));
  }
};

/// NVFP4, half a block (32 values, two scales) at a time.
struct HalvesNVFP4 {
  struct Block4 {
    alignas(32) int8_t codes[4][32];
    alignas(32) float d[4][8];  // of each lane
  };
  static constexpr int kElements = 32;

  static __m128 scale(uint8_t byte) {
    const int exponent = (byte >> 3) & 15;
    const int mantissa = byte & 7;
    if (byte == 0x7F) return _mm_setzero_ps();
    if (exponent == 0) return _mm_set1_ps(static_cast<float>(mantissa) * 0x1p-10F);
    return _mm_castsi128_ps(_mm_set1_epi32((exponent + 119) << 23 | mantissa << 20));
  }

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b / 2 * NVFP4::kBytes;
      const int half = static_cast<int>(b % 2);
      // Sixteen bytes: the nibbles of two groups, so low and high nibbles alternate by eight.
      const __m256i split = _mm256_permute4x64_epi64(nibbles(block + 4 + 16 * half), 0xD8);
      store256(out.codes[r], table_entries(kFp4Values, split));
      _mm256_store_ps(out.d[r],
                      _mm256_set_m128(scale(block[2 * half + 1]), scale(block[2 * half])));
    }
  }

  template <int P>
  static void dot(const Block4* unpacked, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    __m256 acc[P][4];
    for (auto& of_position : acc) {
      for (__m256& of_row : of_position) of_row = _mm256_setzero_ps();
    }
    for (int64_t b = 0; b < blocks; ++b) {
      for (int p = 0; p < P; ++p) {
        add_block(unpacked[b], reinterpret_cast<const BlockQ8_0*>(activations[p])[b], acc[p]);
      }
    }
    for (int p = 0; p < P; ++p) results[p] = reduce4_a(acc[p]);
  }

  static __m128 dot_stored(const uint8_t* const (&rows)[4], int64_t blocks,
                           const std::byte* activations) {
    const auto* a = reinterpret_cast<const BlockQ8_0*>(activations);
    __m256 acc[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                     _mm256_setzero_ps()};
    Block4 w;
    for (int64_t b = 0; b < blocks; ++b) {
      unpack(rows, b, w);
      add_block(w, a[b], acc);
    }
    return reduce4_a(acc);
  }

 private:
  static void add_block(const Block4& w, const BlockQ8_0& a, __m256 (&acc)[4]) {
    const __m256i codes = load256(a.codes);
    const __m256 da = _mm256_broadcast_ss(&a.d);
    for (int r = 0; r < 4; ++r) {
      const __m256 sums = _mm256_cvtepi32_ps(block_sums<true>(load256(w.codes[r]), codes));
      acc[r] = _mm256_fmadd_ps(_mm256_mul_ps(_mm256_load_ps(w.d[r]), da), sums, acc[r]);
    }
  }
};

}  // namespace

namespace avx2 {
const TileFn tile_iq4_nl = tile_of_groups<Pairs32<UnpackIQ4_NL>>;
const TileFn tile_mxfp4 = tile_of_groups<Pairs32<UnpackMXFP4>>;
const TileFn tile_nvfp4 = tile_of_groups<HalvesNVFP4>;
}  // namespace avx2

}  // namespace crossval
