// AVX2 tiles of Q1_0 and Q2_0 (layouts: quant/low_bits.h; arithmetic: scalar/small_blocks.h).
#include "quant/low_bits.h"

#include "kernels/avx2/blocks32.h"
#include "kernels/avx2/tiles.h"

namespace crossval {
namespace {

inline const BlockQ8_0& q8_0_block(const std::byte* activations, int64_t b) {
  return reinterpret_cast<const BlockQ8_0*>(activations)[b];
}

/// Q1_0: codes -1 and 1, four activation blocks to a weight block.
struct TileQ1_0 {
  struct Block4 {
    alignas(32) int8_t codes[4][4][32];  // part, row
    float d[4];
  };
  static constexpr int kElements = 128;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Q1_0::kBytes;
      for (int part = 0; part < 4; ++part) {
        const __m256i set = bits_as_masks(u32_at(block + 2 + 4 * part));
        const __m256i minus_one = _mm256_set1_epi8(-1);
        store256(out.codes[part][r], _mm256_sub_epi8(minus_one, _mm256_add_epi8(set, set)));
      }
      out.d[r] = f16_at(block);
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
      for (int p = 0; p < P; ++p) add_block(unpacked[b], activations[p], b, acc[p]);
    }
    for (int p = 0; p < P; ++p) results[p] = reduce4_a(acc[p]);
  }

  static __m128 dot_stored(const uint8_t* const (&rows)[4], int64_t blocks,
                           const std::byte* activations) {
    __m256 acc[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                     _mm256_setzero_ps()};
    Block4 w;
    for (int64_t b = 0; b < blocks; ++b) {
      unpack(rows, b, w);
      add_block(w, activations, b, acc);
    }
    return reduce4_a(acc);
  }

 private:
  static void add_block(const Block4& w, const std::byte* activations, int64_t b,
                        __m256 (&acc)[4]) {
    __m256 of_block[4];
    for (int part = 0; part < 4; ++part) {
      const BlockQ8_0& a = q8_0_block(activations, 4 * b + part);
      const __m256i codes = load256(a.codes);
      const __m256 da = _mm256_broadcast_ss(&a.d);
      for (int r = 0; r < 4; ++r) {
        const __m256 sums = _mm256_cvtepi32_ps(block_sums<true>(load256(w.codes[part][r]), codes));
        of_block[r] = part == 0 ? _mm256_mul_ps(da, sums) : _mm256_fmadd_ps(da, sums, of_block[r]);
      }
    }
    for (int r = 0; r < 4; ++r) {
      acc[r] = _mm256_fmadd_ps(_mm256_broadcast_ss(&w.d[r]), of_block[r], acc[r]);
    }
  }
};

/// Q2_0: codes 0…3, one too large; integers over whole activation blocks, the four rows side by
/// side.
struct TileQ2_0 {
  struct Block4 {
    alignas(32) int8_t codes[2][4][32];  // half, row
    float d[4];
  };
  static constexpr int kElements = 64;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Q2_0::kBytes;
      for (int half = 0; half < 2; ++half) {
        uint64_t packed;
        std::memcpy(&packed, block + 2 + 8 * half, sizeof packed);
        const auto spread = [packed](int first) {
          return static_cast<long long>(_pdep_u64(packed >> (2 * first), 0x0303030303030303U));
        };
        store256(out.codes[half][r],
                 _mm256_setr_epi64x(spread(0), spread(8), spread(16), spread(24)));
      }
      out.d[r] = f16_at(block);
    }
  }

  template <int P>
  static void dot(const Block4* unpacked, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    for (__m128& result : results) result = _mm_setzero_ps();
    for (int64_t b = 0; b < blocks; ++b) {
      for (int p = 0; p < P; ++p) add_block(unpacked[b], activations[p], b, results[p]);
    }
  }

  static __m128 dot_stored(const uint8_t* const (&rows)[4], int64_t blocks,
                           const std::byte* activations) {
    __m128 result = _mm_setzero_ps();
    Block4 w;
    for (int64_t b = 0; b < blocks; ++b) {
      unpack(rows, b, w);
      add_block(w, activations, b, result);
    }
    return result;
  }

 private:
  static void add_block(const Block4& w, const std::byte* activations, int64_t b, __m128& result) {
    __m128 of_block = _mm_setzero_ps();
    for (int half = 0; half < 2; ++half) {
      const BlockQ8_0& a = q8_0_block(activations, 2 * b + half);
      const __m256i codes = load256(a.codes);
      const __m256i too_much = lane_sums(_mm256_set1_epi8(1), codes);
      __m256i lanes[4];
      for (int r = 0; r < 4; ++r) {
        lanes[r] = _mm256_sub_epi32(lane_sums(load256(w.codes[half][r]), codes), too_much);
      }
      const __m128 sums = _mm_cvtepi32_ps(totals_of_four(lanes));
      of_block = _mm_add_ps(of_block, _mm_mul_ps(_mm_broadcast_ss(&a.d), sums));
    }
    result = _mm_add_ps(result, _mm_mul_ps(_mm_loadu_ps(w.d), of_block));
  }
};

}  // namespace

namespace avx2 {
const TileFn tile_q1_0 = tile_of_groups<TileQ1_0>;
const TileFn tile_q2_0 = tile_of_groups<TileQ2_0>;
}  // namespace avx2

}  // namespace crossval
