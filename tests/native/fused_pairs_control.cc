// One instruction that fused_pairs_test.cc must find.
#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx,fma"))) void fuse_pairs(float* x) {
  const __m256 v = _mm256_loadu_ps(x);
  _mm256_storeu_ps(x, _mm256_fmaddsub_ps(v, v, v));
}
#endif
