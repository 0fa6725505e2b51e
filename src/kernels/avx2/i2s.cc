// The AVX2 tile of I2_S (quant/i2s.h, layout x86; arithmetic: scalar/i2s.h). Codes are one larger
// than the values and unsigned, as the multiply wants them; the activation's sum is taken off.
#include "kernels/avx2/groups.h"
#include "kernels/avx2/tiles.h"
#include "quant/activation.h"

namespace crossval {
namespace {

struct RowsI2_S {
  static constexpr int kElements = 128;
  struct Block4 {
    alignas(32) uint8_t codes[4][128];
  };

  /// Values 32k … 32k + 31 of a block.
  template <int K>
  static __m256i part(__m256i packed) {
    return _mm256_and_si256(_mm256_srli_epi16(packed, 6 - 2 * K), _mm256_set1_epi8(3));
  }

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const __m256i packed = load256(rows[r] + 32 * b);
      store256(out.codes[r], part<0>(packed));
      store256(out.codes[r] + 32, part<1>(packed));
      store256(out.codes[r] + 64, part<2>(packed));
      store256(out.codes[r] + 96, part<3>(packed));
    }
  }

  /// 128 products as eight 32-bit lanes. Sixteen bits hold eight products of 3 and -128.
  static __m256i sums(__m256i w0, __m256i w1, __m256i w2, __m256i w3, const int8_t* a) {
    const __m256i low = _mm256_add_epi16(_mm256_maddubs_epi16(w0, load256(a)),
                                         _mm256_maddubs_epi16(w1, load256(a + 32)));
    const __m256i high = _mm256_add_epi16(_mm256_maddubs_epi16(w2, load256(a + 64)),
                                          _mm256_maddubs_epi16(w3, load256(a + 96)));
    return _mm256_madd_epi16(_mm256_add_epi16(low, high), _mm256_set1_epi16(1));
  }

  static const RowI8_S* row_of(const std::byte* activations) {
    return reinterpret_cast<const RowI8_S*>(activations);
  }

  static __m128 finish(const __m256i (&acc)[4], const RowI8_S* a) {
    const __m128i sums = _mm_sub_epi32(totals_of_four(acc), _mm_set1_epi32(a->sum));
    return _mm_div_ps(_mm_cvtepi32_ps(sums), _mm_set1_ps(a->scale));
  }

  template <int P>
  static void dot(const Block4* unpacked, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    __m256i acc[P][4];
    for (auto& of_position : acc) {
      for (__m256i& of_row : of_position) of_row = _mm256_setzero_si256();
    }
    for (int64_t b = 0; b < blocks; ++b) {
      for (int r = 0; r < 4; ++r) {
        const uint8_t* w = unpacked[b].codes[r];
        const __m256i w0 = load256(w);
        const __m256i w1 = load256(w + 32);
        const __m256i w2 = load256(w + 64);
        const __m256i w3 = load256(w + 96);
        for (int p = 0; p < P; ++p) {
          const int8_t* a = row_of(activations[p])->codes + 128 * b;
          acc[p][r] = _mm256_add_epi32(acc[p][r], sums(w0, w1, w2, w3, a));
        }
      }
    }
    for (int p = 0; p < P; ++p) results[p] = finish(acc[p], row_of(activations[p]));
  }

  static __m128 dot_stored(const uint8_t* const (&rows)[4], int64_t blocks,
                           const std::byte* activations) {
    const RowI8_S* a = row_of(activations);
    __m256i acc[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                      _mm256_setzero_si256()};
    for (int64_t b = 0; b < blocks; ++b) {
      for (int r = 0; r < 4; ++r) {
        prefetch_ahead<32>(rows[r] + 32 * b);
        const __m256i packed = load256(rows[r] + 32 * b);
        acc[r] = _mm256_add_epi32(acc[r], sums(part<0>(packed), part<1>(packed), part<2>(packed),
                                               part<3>(packed), a->codes + 128 * b));
      }
    }
    return finish(acc, a);
  }
};

}  // namespace

const TileFn avx2::tile_i2_s = tile_of_groups<RowsI2_S>;

}  // namespace crossval
