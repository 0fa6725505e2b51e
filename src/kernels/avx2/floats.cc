// AVX2 tiles of F32, F16 and BF16 weights (arithmetic: scalar/floats.h). Four accumulators belong
// to each dot. With several positions a strip of the rows is passed over once per accumulator, so
// that eight dots share their loads.
#include "kernels/avx2/groups.h"
#include "kernels/avx2/tiles.h"

namespace crossval {
namespace {

struct F32 {
  static constexpr int kBytes = 4;
  using Tail = float;
  static __m256 load(const uint8_t* p) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(p));
  }
  static float one(const uint8_t* p) {
    float value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  static __m256 add_product(__m256 a, __m256 b, __m256 acc) { return _mm256_fmadd_ps(a, b, acc); }
  static __m128 reduce4(const __m256 (&acc)[4]) { return reduce4_b(acc); }
};

struct F16 {
  static constexpr int kBytes = 2;
  using Tail = double;
  static __m256 load(const uint8_t* p) { return _mm256_cvtph_ps(load128(p)); }
  static float one(const uint8_t* p) { return f16_at(p); }
  static __m256 add_product(__m256 a, __m256 b, __m256 acc) { return _mm256_fmadd_ps(a, b, acc); }
  static __m128 reduce4(const __m256 (&acc)[4]) { return reduce4_b(acc); }
};

struct BF16 {
  static constexpr int kBytes = 2;
  using Tail = double;
  static __m256 load(const uint8_t* p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load128(p)), 16));
  }
  static float one(const uint8_t* p) {
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(static_cast<int>(u16_at(p)) << 16)));
  }
  static __m256 add_product(__m256 a, __m256 b, __m256 acc) {
    return _mm256_add_ps(_mm256_mul_ps(a, b), acc);
  }
  static __m128 reduce4(const __m256 (&acc)[4]) { return reduce4_a(acc); }
};

template <int P>
using Accumulators = __m256[4][P][4];  // accumulator, position, row

/// One position: the weights come from memory, so two rows are read to their end in one pass.
template <class F>
void accumulate(const RowGroup& group, const uint8_t* const (&y)[1], int64_t whole,
                Accumulators<1>& acc) {
  for (int first = 0; first < 4; first += 2) {
    __m256 sum[4][2];
    for (auto& of_accumulator : sum) of_accumulator[0] = of_accumulator[1] = _mm256_setzero_ps();
    for (int64_t i = 0; i < whole; i += 32) {
      for (int r = 0; r < 2; ++r)
        prefetch_ahead<32 * F::kBytes>(group.row[first + r] + i * F::kBytes);
      for (int k = 0; k < 4; ++k) {
        const int64_t at = (i + 8 * k) * F::kBytes;
        const __m256 b = F::load(y[0] + at);
        for (int r = 0; r < 2; ++r)
          sum[k][r] = F::add_product(F::load(group.row[first + r] + at), b, sum[k][r]);
      }
    }
    for (int k = 0; k < 4; ++k) {
      for (int r = 0; r < 2; ++r) acc[k][0][first + r] = sum[k][r];
    }
  }
}

/// Several positions: a strip is passed over once per accumulator.
template <class F, int P>
void accumulate(const RowGroup& group, const uint8_t* const (&y)[P], int64_t whole,
                Accumulators<P>& acc) {
  constexpr int64_t kStrip = 512;
  for (auto& of_accumulator : acc) {
    for (auto& of_position : of_accumulator) {
      for (__m256& of_row : of_position) of_row = _mm256_setzero_ps();
    }
  }
  for (int64_t strip = 0; strip < whole; strip += kStrip) {
    const int64_t end = whole - strip < kStrip ? whole : strip + kStrip;
    for (int k = 0; k < 4; ++k) {
      __m256 sum[P][4];
      std::memcpy(&sum, &acc[k], sizeof sum);
      for (int64_t i = strip + 8 * k; i < end; i += 32) {
        __m256 b[P];
        for (int p = 0; p < P; ++p) b[p] = F::load(y[p] + i * F::kBytes);
        for (int r = 0; r < 4; ++r) {
          const __m256 a = F::load(group.row[r] + i * F::kBytes);
          for (int p = 0; p < P; ++p) sum[p][r] = F::add_product(a, b[p], sum[p][r]);
        }
      }
      std::memcpy(&acc[k], &sum, sizeof sum);
    }
  }
}

/// Four rows times P positions.
template <class F, int P>
void dots(const RowGroup& group, const uint8_t* const (&y)[P], int64_t n, __m128 (&results)[P]) {
  const int64_t whole = n / 32 * 32;
  Accumulators<P> acc;
  if constexpr (P == 1) {
    accumulate<F>(group, y, whole, acc);
  } else {
    accumulate<F, P>(group, y, whole, acc);
  }
  for (int p = 0; p < P; ++p) {
    __m256 total[4];
    for (int r = 0; r < 4; ++r) {
      total[r] = _mm256_add_ps(_mm256_add_ps(acc[0][p][r], acc[2][p][r]),
                               _mm256_add_ps(acc[1][p][r], acc[3][p][r]));
    }
    results[p] = F::reduce4(total);
    if (whole == n) continue;
    float values[4];
    _mm_storeu_ps(values, results[p]);
    for (int r = 0; r < 4; ++r) {
      auto tail = static_cast<typename F::Tail>(values[r]);
      for (int64_t i = whole; i < n; ++i) {
        const float product = F::one(group.row[r] + i * F::kBytes) * F::one(y[p] + i * F::kBytes);
        tail += static_cast<typename F::Tail>(product);
      }
      values[r] = static_cast<float>(tail);
    }
    results[p] = _mm_loadu_ps(values);
  }
}

template <class F>
void tile(const std::byte* weights, int64_t w_stride, int64_t rows, const std::byte* activations,
          int64_t a_stride, int64_t positions, int64_t n, float* out, int64_t out_stride) {
  for (int64_t first = 0; first < rows; first += 4) {
    const RowGroup group(weights, w_stride, rows, first);
    int64_t p = 0;
    for (; p + 2 <= positions; p += 2) {
      const uint8_t* const y[2] = {bytes_of(activations + p * a_stride),
                                   bytes_of(activations + (p + 1) * a_stride)};
      __m128 results[2];
      dots<F, 2>(group, y, n, results);
      group.store(out + p * out_stride + first, results[0]);
      group.store(out + (p + 1) * out_stride + first, results[1]);
    }
    if (p < positions) {
      const uint8_t* const y[1] = {bytes_of(activations + p * a_stride)};
      __m128 results[1];
      dots<F, 1>(group, y, n, results);
      group.store(out + p * out_stride + first, results[0]);
    }
  }
}

}  // namespace

namespace avx2 {
const TileFn tile_f32 = tile<F32>;
const TileFn tile_f16 = tile<F16>;
const TileFn tile_bf16 = tile<BF16>;
}  // namespace avx2

}  // namespace crossval
