#include "kernels/vector_ops.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace crossval::scalar {
namespace {

// e^x by a degree-5 polynomial on [-ln2/2, ln2/2] and a shift of the exponent (Arm's optimised
// routines' expf, with the constants upstream uses). Whole groups of eight use it; tails use libm.
float exp_polynomial(float x) {
  const float shift = 0x1.8p23F;  // adding it rounds to an integer in the low mantissa bits
  const float z = std::fma(x, 0x1.715476p+0F, shift);
  const float n = z - shift;
  const float b = std::fma(-n, 0x1.7f7d1cp-20F, std::fma(-n, 0x1.62e4p-1F, x));
  const uint32_t e = std::bit_cast<uint32_t>(z) << 23;
  const float k = std::bit_cast<float>(e + std::bit_cast<uint32_t>(1.0F));
  const float u = b * b;
  const float j = std::fma(std::fma(std::fma(0x1.0e4020p-7F, b, 0x1.573e2ep-5F), u,
                                    std::fma(0x1.555e66p-3F, b, 0x1.fffdb6p-2F)),
                           u, 0x1.ffffecp-1F * b);
  const float magnitude = std::fabs(n);
  if (!(magnitude > 126.0F)) return std::fma(j, k, k);  // NaN takes this branch too
  const uint32_t g = n <= 0.0F ? 0x82000000U : 0U;
  const float s1 = std::bit_cast<float>(g + 0x7F000000U);
  if (magnitude > 192.0F) return s1 * s1;  // overflow to infinity, underflow to zero
  const float s2 = std::bit_cast<float>(e - g);
  return std::fma(s2, j, s2) * s1;
}

}  // namespace

void softmax(float* x, int64_t n, float sink) {
  float max = sink;
  for (int64_t i = 0; i < n; ++i) max = std::max(max, x[i]);
  double sum = 0.0;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int64_t l = 0; l < 8; ++l) x[i + l] = exp_polynomial(x[i + l] - max);
    const float* v = x + i;
    sum += static_cast<double>(((v[4] + v[0]) + (v[6] + v[2])) + ((v[5] + v[1]) + (v[7] + v[3])));
  }
  for (; i < n; ++i) {
    x[i] = std::exp(x[i] - max);
    sum += static_cast<double>(x[i]);
  }
  sum += static_cast<double>(std::exp(sink - max));
  const auto scale = static_cast<float>(1.0 / sum);
  for (i = 0; i < n; ++i) x[i] *= scale;
}

void swiglu(const float* gate, const float* up, float* out, int64_t n) {
  int64_t i = 0;
  for (; i < n / 8 * 8; ++i) out[i] = gate[i] / (1.0F + exp_polynomial(0.0F - gate[i])) * up[i];
  for (; i < n; ++i) out[i] = gate[i] / (1.0F + std::exp(-gate[i])) * up[i];
}

}  // namespace crossval::scalar
