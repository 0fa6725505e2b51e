#include "oracle/activation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace crossval {
namespace {

// In its tanh form (arXiv 1606.08415, section 2), which is what model files mean.
double gelu(double x) {
  const double inner = std::numbers::sqrt2 * std::numbers::inv_sqrtpi * x * (1 + 0.044715 * x * x);
  return 0.5 * x * (1 + std::tanh(inner));
}

double gelu_quick(double x) { return x * sigmoid_of(static_cast<double>(1.702F) * x); }

/// From binary16 to binary16: a table of f.
double from_table(double (*f)(double), double x) {
  return rounded(f(rounded(x, Grid::f16)), Grid::f16);
}

double rounded_gelu(double x) {
  constexpr double kLinear = 10;  // beyond it the table is not asked
  if (x <= -kLinear) return 0;
  return x >= kLinear ? x : from_table(gelu, x);
}

double gelu_erf(double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); }

double clamped_silu(double gate, double up) {  // gpt-oss
  constexpr double kAlpha = 1.702F;
  constexpr double kLimit = 7;
  const double x = std::min(gate, kLimit);
  return x * sigmoid_of(kAlpha * x) * (std::clamp(up, -kLimit, kLimit) + 1);
}

}  // namespace

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

double gate_of(GateKind kind, double g) {
  return kind == GateKind::softplus ? std::max(g, 0.0) + std::log1p(std::exp(-std::abs(g)))
                                    : sigmoid_of(g);
}

double activate(Activation kind, GeluRounding rounding, double gate, double up) {
  switch (kind) {
    case Activation::silu:
      return gate * sigmoid_of(gate) * up;
    case Activation::gelu:
      return (rounding == GeluRounding::none ? gelu(gate) : rounded_gelu(gate)) * up;
    case Activation::gelu_erf:
      return gelu_erf(gate) * up;
    case Activation::gelu_quick:
      return (rounding == GeluRounding::none ? gelu_quick(gate) : from_table(gelu_quick, gate)) *
             up;
    case Activation::relu:
      return gate > 0 ? gate * up : 0;
    case Activation::relu_squared:
      return gate > 0 ? gate * gate * up : 0;
    case Activation::clamped_silu:
      return clamped_silu(gate, up);
  }
  return 0;
}

}  // namespace crossval
