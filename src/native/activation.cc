#include "native/activation.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/float16.h"

namespace crossval {
namespace {

constexpr float kGeluLinear = 10.0F;  // beyond it GELU is 0 or x

// GELU in its tanh form, from binary16 to binary16: upstream reads a table of these.
float gelu_of_half(uint16_t half) {
  const float x = f16_to_f32(half);
  const float inner = 0.79788456080286535587989211986876F * x * (1.0F + 0.044715F * x * x);
  return f16_to_f32(f32_to_f16(0.5F * x * (1.0F + std::tanh(inner))));
}

float gelu(float x) {
  static const std::vector<float> table = [] {
    std::vector<float> values(1 << 16);
    for (size_t i = 0; i < values.size(); ++i) values[i] = gelu_of_half(static_cast<uint16_t>(i));
    return values;
  }();
  return table[f32_to_f16(x)];
}

float gated_gelu(float gate, float up) {
  if (gate <= -kGeluLinear) return 0.0F;
  if (gate >= kGeluLinear) return gate * up;
  return gelu(gate) * up;
}

float plain_gelu(float x) {
  if (x <= -kGeluLinear) return 0.0F;
  return x >= kGeluLinear ? x : gelu(x);
}

float gelu_erf(float x) { return 0.5F * x * (1.0F + std::erf(x / std::numbers::sqrt2_v<float>)); }

float gelu_quick(float x) { return x / (1.0F + std::exp(-1.702F * x)); }

float relu(float x) { return x > 0.0F ? x : 0.0F; }

float clamped_silu(float gate, float up) {
  constexpr float kAlpha = 1.702F;
  constexpr float kLimit = 7.0F;
  const float x = std::min(gate, kLimit);
  const float y = std::clamp(up, -kLimit, kLimit);
  return x / (1.0F + std::exp(kAlpha * -x)) * (y + 1.0F);
}

}  // namespace

void activation(const KernelSet& kernels, Activation kind, const float* gate, const float* up,
                int64_t n, float* out) {
  switch (kind) {
    case Activation::silu: {
      if (up != nullptr) {
        kernels.swiglu(gate, up, out, n);
        break;
      }
      const std::vector<float> ones(static_cast<size_t>(n), 1.0F);
      kernels.swiglu(gate, ones.data(), out, n);
      break;
    }
    case Activation::gelu:
      for (int64_t i = 0; i < n; ++i)
        out[i] = up == nullptr ? plain_gelu(gate[i]) : gated_gelu(gate[i], up[i]);
      break;
    case Activation::gelu_erf:
    case Activation::gelu_quick: {
      const auto act = kind == Activation::gelu_erf ? gelu_erf : gelu_quick;
      for (int64_t i = 0; i < n; ++i) out[i] = act(gate[i]) * (up == nullptr ? 1.0F : up[i]);
      break;
    }
    case Activation::relu:
      for (int64_t i = 0; i < n; ++i)
        out[i] = up == nullptr ? relu(gate[i]) : (gate[i] > 0.0F ? gate[i] * up[i] : 0.0F);
      break;
    case Activation::relu_squared:
      for (int64_t i = 0; i < n; ++i) {
        const float squared = relu(gate[i]) * relu(gate[i]);
        out[i] = up == nullptr ? squared : squared * up[i];
      }
      break;
    case Activation::clamped_silu:
      for (int64_t i = 0; i < n; ++i) out[i] = clamped_silu(gate[i], up[i]);
      break;
  }
}

}  // namespace crossval
