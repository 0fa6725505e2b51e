#include "sample/portable_exp.h"

#include <cmath>

namespace crossval {
namespace {

constexpr double kLog2e = 0x1.71547652b82fep+0;
// ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
// 1/n! of the Taylor series; the first term left out is below 2^-60 for |r| <= ln 2 / 2.
constexpr double kTerms[] = {1.0,
                             1.0,
                             1.0 / 2,
                             1.0 / 6,
                             1.0 / 24,
                             1.0 / 120,
                             1.0 / 720,
                             1.0 / 5040,
                             1.0 / 40320,
                             1.0 / 362880,
                             1.0 / 3628800,
                             1.0 / 39916800,
                             1.0 / 479001600,
                             1.0 / 6227020800};
constexpr int kDegree = 13;
constexpr double kNothing = -746.0;  // e^x is below half the smallest double

}  // namespace

double portable_exp(double x) {
  if (x < kNothing) return 0;
  // x = k ln 2 + r
  const double k = std::floor(x * kLog2e + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = kTerms[kDegree];
  for (int n = kDegree - 1; n >= 0; --n) sum = sum * r + kTerms[n];
  return std::ldexp(sum, static_cast<int>(k));
}

}  // namespace crossval
