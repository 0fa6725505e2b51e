// Compiled for AVX2, FMA: nothing here may be inlined into other files (no shared inline
// functions).
#include "kernels/vector_ops.h"

#include <immintrin.h>

#include <cmath>
#include <limits>

namespace crossval::avx2 {
namespace {

/// Eight lanes of the polynomial of scalar/vector_ops.cc, the same operations in the same order.
__m256 exp_polynomial(__m256 x) {
  const __m256 shift = _mm256_set1_ps(0x1.8p23F);
  const __m256 z = _mm256_fmadd_ps(x, _mm256_set1_ps(0x1.715476p+0F), shift);
  const __m256 n = _mm256_sub_ps(z, shift);
  const __m256 b = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.7f7d1cp-20F),
                                    _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.62e4p-1F), x));
  const __m256i e = _mm256_slli_epi32(_mm256_castps_si256(z), 23);
  const __m256 k =
      _mm256_castsi256_ps(_mm256_add_epi32(e, _mm256_castps_si256(_mm256_set1_ps(1.0F))));
  const __m256 u = _mm256_mul_ps(b, b);
  const __m256 high =
      _mm256_fmadd_ps(_mm256_set1_ps(0x1.0e4020p-7F), b, _mm256_set1_ps(0x1.573e2ep-5F));
  const __m256 low =
      _mm256_fmadd_ps(_mm256_set1_ps(0x1.555e66p-3F), b, _mm256_set1_ps(0x1.fffdb6p-2F));
  const __m256 j = _mm256_fmadd_ps(_mm256_fmadd_ps(high, u, low), u,
                                   _mm256_mul_ps(_mm256_set1_ps(0x1.ffffecp-1F), b));
  const __m256 usual = _mm256_fmadd_ps(j, k, k);
  const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0F), n);
  const __m256 large = _mm256_cmp_ps(magnitude, _mm256_set1_ps(126.0F), _CMP_GT_OQ);
  if (_mm256_movemask_ps(large) == 0) return usual;
  const __m256i g =
      _mm256_and_si256(_mm256_castps_si256(_mm256_cmp_ps(n, _mm256_setzero_ps(), _CMP_LE_OQ)),
                       _mm256_set1_epi32(static_cast<int>(0x82000000U)));
  const __m256 s1 = _mm256_castsi256_ps(_mm256_add_epi32(g, _mm256_set1_epi32(0x7F000000)));
  const __m256 s2 = _mm256_castsi256_ps(_mm256_sub_epi32(e, g));
  const __m256 huge = _mm256_cmp_ps(magnitude, _mm256_set1_ps(192.0F), _CMP_GT_OQ);
  const __m256 scaled = _mm256_mul_ps(_mm256_fmadd_ps(s2, j, s2), s1);
  return _mm256_blendv_ps(_mm256_blendv_ps(usual, scaled, large), _mm256_mul_ps(s1, s1), huge);
}

/// Reduction A of docs/arithmetic.md: r[i] = v[i + 4] + v[i]; (r0 + r2) + (r1 + r3).
float reduce(__m256 v) {
  const __m128 r = _mm_add_ps(_mm256_extractf128_ps(v, 1), _mm256_castps256_ps128(v));
  const __m128 pairs = _mm_add_ps(r, _mm_movehl_ps(r, r));
  return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)));
}

}  // namespace

void softmax(float* x, int64_t n, float sink) {
  float max = sink;
  for (int64_t i = 0; i < n; ++i) max = x[i] > max ? x[i] : max;
  double sum = 0.0;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 v = exp_polynomial(_mm256_sub_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(max)));
    _mm256_storeu_ps(x + i, v);
    sum += static_cast<double>(reduce(v));
  }
  for (; i < n; ++i) {
    x[i] = ::expf(x[i] - max);
    sum += static_cast<double>(x[i]);
  }
  sum += static_cast<double>(::expf(sink - max));
  const auto scale = static_cast<float>(1.0 / sum);
  for (i = 0; i + 8 <= n; i += 8)
    _mm256_storeu_ps(x + i, _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(scale)));
  for (; i < n; ++i) x[i] *= scale;
}

void swiglu(const float* gate, const float* up, float* out, int64_t n) {
  const __m256 one = _mm256_set1_ps(1.0F);
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 x = _mm256_loadu_ps(gate + i);
    const __m256 e = exp_polynomial(_mm256_sub_ps(_mm256_setzero_ps(), x));
    const __m256 silu = _mm256_div_ps(x, _mm256_add_ps(one, e));
    _mm256_storeu_ps(out + i, _mm256_mul_ps(silu, _mm256_loadu_ps(up + i)));
  }
  for (; i < n; ++i) out[i] = gate[i] / (1.0F + ::expf(-gate[i])) * up[i];
}

}  // namespace crossval::avx2
