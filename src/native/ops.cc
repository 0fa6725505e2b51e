#include "native/ops.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace crossval {

void rms_norm(const float* x, const float* weight, float eps, int64_t n, float* out) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i] * x[i]);
  const auto mean = static_cast<float>(sum / static_cast<double>(n));
  const float scale = 1.0F / std::sqrt(mean + eps);
  if (weight == nullptr) {
    for (int64_t i = 0; i < n; ++i) out[i] = x[i] * scale;
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = x[i] * scale * weight[i];
  }
}

void add(float* out, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] += x[i];
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
    const float extrapolated = factors == nullptr ? theta : theta / factors[pair];
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
