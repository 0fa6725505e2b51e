#include "native/ops.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace crossval {

void rms_norm(const float* x, float eps, int64_t n, float* out) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i] * x[i]);
  const auto mean = static_cast<float>(sum / static_cast<double>(n));
  const float scale = 1.0F / std::sqrt(mean + eps);
  for (int64_t i = 0; i < n; ++i) out[i] = x[i] * scale;
}

void layer_norm(const float* x, float eps, int64_t n, float* out) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]);
  const float mean = static_cast<float>(sum) / static_cast<float>(n);
  double squares = 0.0;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    float v[8];
    for (int64_t l = 0; l < 8; ++l) {
      out[i + l] = x[i + l] - mean;
      v[l] = out[i + l] * out[i + l];
    }
    squares +=
        static_cast<double>(((v[4] + v[0]) + (v[6] + v[2])) + ((v[5] + v[1]) + (v[7] + v[3])));
  }
  for (; i < n; ++i) {
    out[i] = x[i] - mean;
    squares += static_cast<double>(out[i] * out[i]);
  }
  const auto variance = static_cast<float>(squares / static_cast<double>(n));
  const float scale = 1.0F / std::sqrt(variance + eps);
  for (i = 0; i < n; ++i) out[i] *= scale;
}

void add(float* out, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] += x[i];
}

void scale(float* x, int64_t n, float by) {
  for (int64_t i = 0; i < n; ++i) x[i] *= by;
}

void multiply(float* x, const float* by, int64_t size, int64_t n) {
  for (int64_t begin = 0; begin < n; begin += size)
    for (int64_t i = 0; i < size; ++i) x[begin + i] *= by[i];
}

void divide(float* x, const float* by, int64_t size, int64_t n) {
  for (int64_t begin = 0; begin < n; begin += size)
    for (int64_t i = 0; i < size; ++i) x[begin + i] /= by[i];
}

void clamp(float* x, int64_t n, float limit) {
  if (limit == 0.0F) return;
  for (int64_t i = 0; i < n; ++i) x[i] = std::max(std::min(x[i], limit), -limit);
}

void soft_cap(float* x, int64_t n, float cap) {
  if (cap == 0.0F) return;
  const float inverse = 1.0F / cap;
  for (int64_t i = 0; i < n; ++i) x[i] = std::tanh(x[i] * inverse) * cap;
}

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

float gate_value(GateKind kind, float g) {
  switch (kind) {
    case GateKind::sigmoid:
      return sigmoid(g);
    case GateKind::softplus:
      return g > 20.0F ? g : std::log(1.0F + std::exp(g));
    case GateKind::silu_over_x:
      return g / (1.0F + std::exp(-g)) / g;
  }
  return 1.0F;
}

float query_temperature(float temperature, int64_t length, int64_t position) {
  const double lengths = std::floor(static_cast<float>(position) / static_cast<float>(length));
  return static_cast<float>(std::log(lengths + 1.0) * static_cast<double>(temperature) + 1.0);
}

std::vector<float> alibi_slopes(float max_bias, int64_t n_head) {
  if (max_bias <= 0.0F) return {};
  const int64_t power = int64_t{1} << static_cast<int>(std::floor(std::log2(n_head)));
  const float m0 = std::pow(2.0F, -max_bias / static_cast<float>(power));
  const float m1 = std::pow(2.0F, -(max_bias / 2.0F) / static_cast<float>(power));
  std::vector<float> slopes;
  slopes.reserve(static_cast<size_t>(n_head));
  for (int64_t h = 0; h < n_head; ++h) {
    slopes.push_back(h < power ? std::pow(m0, static_cast<float>(h + 1))
                               : std::pow(m1, static_cast<float>(2 * (h - power) + 1)));
  }
  return slopes;
}

namespace {

// YaRN's correction range: pairs below `low` keep their trained frequency, pairs above `high` are
// interpolated, those between are mixed (arXiv 2309.00071).
struct YarnRange {
  float low;
  float high;
};

float yarn_dimension(const Rope& rope, float rotations) {
  const auto n_rot = static_cast<float>(rope.n_rot);
  return n_rot *
         std::log(static_cast<float>(rope.n_ctx_orig) /
                  (rotations * 2 * std::numbers::pi_v<float>)) /
         (2 * std::log(rope.base));
}

YarnRange yarn_range(const Rope& rope) {
  return {std::max(0.0F, std::floor(yarn_dimension(rope, rope.beta_fast))),
          std::min(static_cast<float>(rope.n_rot - 1),
                   std::ceil(yarn_dimension(rope, rope.beta_slow)))};
}

float yarn_ramp(const YarnRange& range, int64_t pair) {
  const float y = (static_cast<float>(pair) - range.low) / std::max(0.001F, range.high - range.low);
  return 1 - std::min(1.0F, std::max(0.0F, y));
}

}  // namespace

void rope_table(const Rope& rope, const float* factors, int64_t position, float* table) {
  const float step = std::pow(rope.base, -2.0F / static_cast<float>(rope.n_rot));
  const YarnRange range = rope.ext_factor != 0.0F ? yarn_range(rope) : YarnRange{};
  auto theta = static_cast<float>(position);
  for (int64_t pair = 0; pair < rope.n_rot / 2; ++pair) {
    const bool still = !rope.still.empty() && rope.still[static_cast<size_t>(pair)];
    const float turn = still ? 0.0F : theta;
    const float extrapolated = factors == nullptr ? turn : turn / factors[pair];
    float angle = rope.scale * extrapolated;
    float magnitude = rope.attn_factor;
    if (rope.ext_factor != 0.0F) {
      const float mix = yarn_ramp(range, pair) * rope.ext_factor;
      angle = angle * (1 - mix) + extrapolated * mix;
      magnitude *= 1.0F + 0.1F * std::log(1.0F / rope.scale);
    }
    table[2 * pair] = std::cos(angle) * magnitude;
    table[2 * pair + 1] = std::sin(angle) * magnitude;
    theta *= step;
  }
}

void rope_rotate(const float* table, int64_t n_rot, RopePairs pairs, float* head) {
  const int64_t stride = pairs == RopePairs::adjacent ? 2 : 1;
  const int64_t partner = pairs == RopePairs::adjacent ? 1 : n_rot / 2;
  for (int64_t pair = 0; pair < n_rot / 2; ++pair) {
    const float c = table[2 * pair];
    const float s = table[2 * pair + 1];
    float& a = head[stride * pair];
    float& b = head[stride * pair + partner];
    const float x0 = a;
    const float x1 = b;
    a = x0 * c - x1 * s;
    b = x0 * s + x1 * c;
  }
}

}  // namespace crossval
