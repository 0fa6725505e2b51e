// AVX2 tiles of the K super-blocks (arithmetic: scalar_k_quants.h). Integer lanes over 256 values,
// then one multiply-add per block; the four rows of a group share each load of the activations.
#include "kernels/avx2_lanes.h"
#include "kernels/avx2_tiles.h"
#include "quant/k_quants.h"

namespace crossval {
namespace {

/// One scale for each 32 values: eight per row, each twice in a 32-bit element.
struct ScalesOf32 {
  alignas(32) uint32_t twice[4][8];
  __m256i of(int group, int row) const {
    return _mm256_set1_epi32(static_cast<int>(twice[row][group]));
  }
};

/// One scale for each 16 values: for each 32 values a vector with the first eight times, then the
/// second.
struct ScalesOf16 {
  alignas(32) int16_t lanes[8][4][16];
  __m256i of(int group, int row) const { return load256(lanes[group][row]); }
};

template <class Scales>
struct Codes256x4 {
  alignas(32) int8_t codes[8][4][32];  // group of 32 values, row
  Scales scales;
  alignas(32) int16_t sixteen[4][16];  // minima (Q2_K) or scales (Q6_K) by groups of 16
  alignas(32) int16_t mins[4][8];      // minima by groups of 32 (Q4_K, Q5_K)
  alignas(32) float dmin_lanes[4][4];  // dmin of row r, four times
  float d[4];
  float dmin[4];
};

inline const BlockQ8_K& block_of(const std::byte* activations, int64_t b) {
  return reinterpret_cast<const BlockQ8_K*>(activations)[b];
}

/// sum[p][r] = for each lane, scale * code * activation over the block.
template <int P, bool kSigned, class Block4>
void code_sums(const Block4& w, const std::byte* const (&activations)[P], int64_t b,
               __m256i (&sum)[P][4]) {
  for (int p = 0; p < P; ++p) {
    for (int r = 0; r < 4; ++r) sum[p][r] = _mm256_setzero_si256();
  }
  for (int g = 0; g < 8; ++g) {
    __m256i a[P];
    for (int p = 0; p < P; ++p) a[p] = load256(block_of(activations[p], b).codes + 32 * g);
    for (int r = 0; r < 4; ++r) {
      const __m256i codes = load256(w.codes[g][r]);
      const __m256i scale = w.scales.of(g, r);
      for (int p = 0; p < P; ++p) {
        const __m256i products =
            kSigned ? _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(a[p], codes))
                    : _mm256_maddubs_epi16(codes, a[p]);
        sum[p][r] = _mm256_add_epi32(sum[p][r], _mm256_madd_epi16(scale, products));
      }
    }
  }
}

/// The eight sums of 32 activation codes, twice.
inline __m256i sums_of_32(const BlockQ8_K& a) {
  const __m128i sums = _mm_hadd_epi16(load128(a.sums), load128(a.sums + 8));
  return join128(sums, sums);
}

template <int P>
struct Accumulators {
  __m256 acc[P][4];
  Accumulators() {
    for (auto& of_position : acc) {
      for (__m256& of_row : of_position) of_row = _mm256_setzero_ps();
    }
  }
  template <class Block4>
  void add(const Block4& w, const std::byte* const (&activations)[P], int64_t b,
           const __m256i (&sum)[P][4]) {
    for (int p = 0; p < P; ++p) {
      const __m256 da = _mm256_broadcast_ss(&block_of(activations[p], b).d);
      for (int r = 0; r < 4; ++r) {
        const __m256 d = _mm256_mul_ps(da, _mm256_broadcast_ss(&w.d[r]));
        acc[p][r] = _mm256_fmadd_ps(d, _mm256_cvtepi32_ps(sum[p][r]), acc[p][r]);
      }
    }
  }
};

/// -d of the activation block, in every lane.
inline __m256 minus_d(const std::byte* activations, int64_t b) {
  return _mm256_xor_ps(_mm256_broadcast_ss(&block_of(activations, b).d), _mm256_set1_ps(-0.0F));
}

// ---- unpacking

/// Vectors of scales for each 32 values from sixteen bytes, one per 16 values.
inline void spread_scales(__m128i sixteen, int row, ScalesOf16& out) {
  for (int g = 0; g < 8; ++g) {
    const auto first = static_cast<char>(2 * g);
    const auto second = static_cast<char>(2 * g + 1);
    const __m128i pick = _mm_unpacklo_epi64(_mm_set1_epi8(first), _mm_set1_epi8(second));
    store256(out.lanes[g][row], _mm256_cvtepi8_epi16(_mm_shuffle_epi8(sixteen, pick)));
  }
}

/// Scales and minima of Q4_K and Q5_K (layout: quant/k_quants.h), four packed entries at a time.
inline void unpack_scales_and_mins(const uint8_t* packed, int row, Codes256x4<ScalesOf32>& out) {
  const uint32_t a = u32_at(packed);
  const uint32_t b = u32_at(packed + 4);
  const uint32_t c = u32_at(packed + 8);
  const uint32_t scales_low = a & 0x3F3F3F3FU;
  const uint32_t scales_high = (c & 0x0F0F0F0FU) | ((a >> 6 & 0x03030303U) << 4);
  const uint32_t mins_low = b & 0x3F3F3F3FU;
  const uint32_t mins_high = (c >> 4 & 0x0F0F0F0FU) | ((b >> 6 & 0x03030303U) << 4);
  const __m128i scales =
      _mm_set_epi32(0, 0, static_cast<int>(scales_high), static_cast<int>(scales_low));
  const __m128i mins = _mm_set_epi32(0, 0, static_cast<int>(mins_high), static_cast<int>(mins_low));
  const __m256i wide = _mm256_cvtepu8_epi32(scales);
  store256(out.scales.twice[row], _mm256_or_si256(wide, _mm256_slli_epi32(wide, 16)));
  _mm_store_si128(reinterpret_cast<__m128i*>(out.mins[row]), _mm_cvtepu8_epi16(mins));
}

inline void unpack_dmin(const uint8_t* half, int row, Codes256x4<ScalesOf32>& out) {
  out.dmin[row] = f16_at(half);
  _mm_store_ps(out.dmin_lanes[row], _mm_set1_ps(out.dmin[row]));
}

inline __m256i low_bits(__m256i v, int shift, int mask) {
  return _mm256_and_si256(_mm256_srl_epi16(v, _mm_cvtsi32_si128(shift)),
                          _mm256_set1_epi8(static_cast<char>(mask)));
}

// ---- the formats

struct TileQ2_K {
  using Block4 = Codes256x4<ScalesOf16>;
  static constexpr int kElements = 256;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Q2_K::kBytes;
      const __m128i both = load128(block);
      const __m128i low = _mm_set1_epi8(0x0F);
      spread_scales(_mm_and_si128(both, low), r, out.scales);
      store256(out.sixteen[r], _mm256_cvtepi8_epi16(_mm_and_si128(_mm_srli_epi16(both, 4), low)));
      for (int g = 0; g < 8; ++g) {
        store256(out.codes[g][r], low_bits(load256(block + 16 + g / 4 * 32), g % 4 * 2, 3));
      }
      out.d[r] = f16_at(block + 80);
      out.dmin[r] = f16_at(block + 82);
    }
  }

  template <int P, class Get>
  static void dot(Get get, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    Accumulators<P> total;
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = get(b);
      for (int p = 0; p < P; ++p) {
        const __m256 negative = minus_d(activations[p], b);
        const __m256i sums = load256(block_of(activations[p], b).sums);
        for (int r = 0; r < 4; ++r) {
          const __m256 dmin = _mm256_mul_ps(negative, _mm256_broadcast_ss(&w.dmin[r]));
          const __m256i minima = _mm256_madd_epi16(load256(w.sixteen[r]), sums);
          total.acc[p][r] = _mm256_fmadd_ps(dmin, _mm256_cvtepi32_ps(minima), total.acc[p][r]);
        }
      }
      __m256i sum[P][4];
      code_sums<P, false>(w, activations, b, sum);
      total.add(w, activations, b, sum);
    }
    for (int p = 0; p < P; ++p) results[p] = reduce4_a(total.acc[p]);
  }
};

struct TileQ3_K {
  using Block4 = Codes256x4<ScalesOf16>;
  static constexpr int kElements = 256;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Q3_K::kBytes;
      const uint32_t low = u32_at(block + 96);
      const uint32_t middle = u32_at(block + 100);
      const uint32_t top = u32_at(block + 104);
      const auto entry = [top](uint32_t nibbles4, int shift) {
        return static_cast<int>((nibbles4 & 0x0F0F0F0FU) | (top >> shift & 0x03030303U) << 4);
      };
      const __m128i scales = _mm_setr_epi32(entry(low, 0), entry(middle, 2), entry(low >> 4, 4),
                                            entry(middle >> 4, 6));
      spread_scales(_mm_sub_epi8(scales, _mm_set1_epi8(32)), r, out.scales);
      const __m256i third = load256(block);
      for (int g = 0; g < 8; ++g) {
        const __m256i two = low_bits(load256(block + 32 + g / 4 * 32), g % 4 * 2, 3);
        const __m256i four = _mm256_slli_epi16(low_bits(third, g, 1), 2);
        store256(out.codes[g][r], _mm256_sub_epi8(_mm256_or_si256(two, four), _mm256_set1_epi8(4)));
      }
      out.d[r] = f16_at(block + 108);
    }
  }

  template <int P, class Get>
  static void dot(Get get, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    Accumulators<P> total;
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = get(b);
      __m256i sum[P][4];
      code_sums<P, true>(w, activations, b, sum);
      total.add(w, activations, b, sum);
    }
    for (int p = 0; p < P; ++p) results[p] = reduce4_a(total.acc[p]);
  }
};

struct TileQ4_K {
  using Block4 = Codes256x4<ScalesOf32>;
  static constexpr int kElements = 256;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Q4_K::kBytes;
      out.d[r] = f16_at(block);
      unpack_dmin(block + 2, r, out);
      unpack_scales_and_mins(block + 4, r, out);
      for (int g = 0; g < 8; g += 2) {
        const __m256i packed = load256(block + 16 + g * 16);
        store256(out.codes[g][r], low_bits(packed, 0, 15));
        store256(out.codes[g + 1][r], low_bits(packed, 4, 15));
      }
    }
  }

  template <int P, class Get>
  static void dot(Get get, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    Accumulators<P> total;
    __m256 minima[P][2];  // four lanes of rows 0 and 1, and of rows 2 and 3
    for (auto& of_position : minima) of_position[0] = of_position[1] = _mm256_setzero_ps();
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = get(b);
      for (int p = 0; p < P; ++p) {
        const __m256 negative = minus_d(activations[p], b);
        const __m256i sums = sums_of_32(block_of(activations[p], b));
        for (int pair = 0; pair < 2; ++pair) {
          const __m256 dmin = _mm256_mul_ps(negative, _mm256_load_ps(w.dmin_lanes[2 * pair]));
          const __m256i lanes = _mm256_madd_epi16(load256(w.mins[2 * pair]), sums);
          minima[p][pair] = _mm256_fmadd_ps(dmin, _mm256_cvtepi32_ps(lanes), minima[p][pair]);
        }
      }
      __m256i sum[P][4];
      code_sums<P, false>(w, activations, b, sum);
      total.add(w, activations, b, sum);
    }
    for (int p = 0; p < P; ++p) {
      const __m128 of_minima = reduce4_distant(
          _mm256_castps256_ps128(minima[p][0]), _mm256_extractf128_ps(minima[p][0], 1),
          _mm256_castps256_ps128(minima[p][1]), _mm256_extractf128_ps(minima[p][1], 1));
      results[p] = _mm_add_ps(reduce4_a(total.acc[p]), of_minima);
    }
  }
};

struct TileQ5_K {
  using Block4 = Codes256x4<ScalesOf32>;
  static constexpr int kElements = 256;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Q5_K::kBytes;
      out.d[r] = f16_at(block);
      unpack_dmin(block + 2, r, out);
      unpack_scales_and_mins(block + 4, r, out);
      const __m256i fifth = load256(block + 16);
      for (int g = 0; g < 8; ++g) {
        const __m256i four = low_bits(load256(block + 48 + g / 2 * 32), g % 2 * 4, 15);
        const __m256i sixteen = _mm256_slli_epi16(low_bits(fifth, g, 1), 4);
        store256(out.codes[g][r], _mm256_or_si256(four, sixteen));
      }
    }
  }

  template <int P, class Get>
  static void dot(Get get, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    Accumulators<P> total;
    __m128 minima[P];  // of the four rows
    for (__m128& of_position : minima) of_position = _mm_setzero_ps();
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = get(b);
      for (int p = 0; p < P; ++p) {
        const __m256i sums = sums_of_32(block_of(activations[p], b));
        const __m256i rows01 = _mm256_madd_epi16(load256(w.mins[0]), sums);
        const __m256i rows23 = _mm256_madd_epi16(load256(w.mins[2]), sums);
        const __m256i pairs = _mm256_hadd_epi32(rows01, rows23);
        const __m256i whole = _mm256_hadd_epi32(pairs, pairs);  // rows 0 2 0 2 | 1 3 1 3
        const __m128i of_rows =
            _mm_unpacklo_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
        const __m128 dmin =
            _mm_mul_ps(_mm256_castps256_ps128(minus_d(activations[p], b)), _mm_loadu_ps(w.dmin));
        minima[p] = _mm_add_ps(minima[p], _mm_mul_ps(dmin, _mm_cvtepi32_ps(of_rows)));
      }
      __m256i sum[P][4];
      code_sums<P, false>(w, activations, b, sum);
      total.add(w, activations, b, sum);
    }
    for (int p = 0; p < P; ++p) results[p] = _mm_add_ps(reduce4_a(total.acc[p]), minima[p]);
  }
};

struct TileQ6_K {
  using Block4 = Codes256x4<ScalesOf16>;
  static constexpr int kElements = 256;

  static void unpack(const uint8_t* const (&rows)[4], int64_t b, Block4& out) {
    for (int r = 0; r < 4; ++r) {
      const uint8_t* block = rows[r] + b * Q6_K::kBytes;
      for (int g = 0; g < 8; ++g) {
        const __m256i low = low_bits(load256(block + g / 4 * 64 + g % 2 * 32), g % 4 / 2 * 4, 15);
        const __m256i high = low_bits(load256(block + 128 + g / 4 * 32), g % 4 * 2, 3);
        store256(out.codes[g][r], _mm256_or_si256(low, _mm256_slli_epi16(high, 4)));
      }
      const __m128i scales = load128(block + 192);
      spread_scales(scales, r, out.scales);
      store256(out.sixteen[r], _mm256_cvtepi8_epi16(scales));
      out.d[r] = f16_at(block + 208);
    }
  }

  template <int P, class Get>
  static void dot(Get get, int64_t blocks, const std::byte* const (&activations)[P],
                  __m128 (&results)[P]) {
    Accumulators<P> total;
    for (int64_t b = 0; b < blocks; ++b) {
      const Block4& w = get(b);
      __m256i sum[P][4];
      code_sums<P, false>(w, activations, b, sum);
      for (int p = 0; p < P; ++p) {
        const __m256i sums = load256(block_of(activations[p], b).sums);
        for (int r = 0; r < 4; ++r) {
          const __m256i too_much = _mm256_madd_epi16(load256(w.sixteen[r]), sums);
          sum[p][r] = _mm256_sub_epi32(sum[p][r], _mm256_slli_epi32(too_much, 5));
        }
      }
      total.add(w, activations, b, sum);
    }
    for (int p = 0; p < P; ++p) results[p] = reduce4_a(total.acc[p]);
  }
};

}  // namespace

namespace avx2 {
const TileFn tile_q2_k = tile_of_groups<TileQ2_K>;
const TileFn tile_q3_k = tile_of_groups<TileQ3_K>;
const TileFn tile_q4_k = tile_of_groups<TileQ4_K>;
const TileFn tile_q5_k = tile_of_groups<TileQ5_K>;
const TileFn tile_q6_k = tile_of_groups<TileQ6_K>;
}  // namespace avx2

}  // namespace crossval
