#include "native/ops.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace crossval {

namespace {

void weigh(float* x, const float* weight, const float* bias, int64_t n) {
  if (weight != nullptr)
    for (int64_t i = 0; i < n; ++i) x[i] *= weight[i];
  if (bias != nullptr) add(x, bias, n);
}

}  // namespace

void rms_norm(const float* x, const float* weight, const float* bias, float eps, int64_t n,
              float* out) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i] * x[i]);
  const auto mean = static_cast<float>(sum / static_cast<double>(n));
  const float scale = 1.0F / std::sqrt(mean + eps);
  for (int64_t i = 0; i < n; ++i) out[i] = x[i] * scale;
  weigh(out, weight, bias, n);
}

void layer_norm(const float* x, const float* weight, const float* bias, float eps, int64_t n,
                float* out) {
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
  weigh(out, weight, bias, n);
}

void add(float* out, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] += x[i];
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

void split_columns(const std::vector<float>& rows, std::span<const int64_t> widths,
                   std::span<std::vector<float>* const> parts) {
  int64_t stride = 0;
  for (const int64_t width : widths) stride += width;
  if (stride == 0) return;
  const int64_t n = static_cast<int64_t>(rows.size()) / stride;
  int64_t from = 0;
  for (size_t part = 0; part < widths.size(); ++part) {
    parts[part]->resize(static_cast<size_t>(n * widths[part]));
    for (int64_t r = 0; r < n; ++r) {
      std::copy_n(rows.data() + r * stride + from, widths[part],
                  parts[part]->data() + r * widths[part]);
    }
    from += widths[part];
  }
}

void divide_rows(std::vector<float>& x, const Vector& by) {
  for (size_t i = 0; i < x.size(); ++i) x[i] /= by.data[i % static_cast<size_t>(by.size)];
}

void gate_rows(const std::vector<float>& gate, int64_t width, std::vector<float>& y) {
  for (size_t p = 0; p < gate.size(); ++p) {
    const float g = gate[p] / (1.0F + std::exp(-gate[p])) / gate[p];
    float* row = y.data() + static_cast<int64_t>(p) * width;
    for (int64_t i = 0; i < width; ++i) row[i] *= g;
  }
}

void gate_heads(AttnGate kind, const std::vector<float>& gate, std::vector<float>& x) {
  const auto softplus = [](float v) { return v > 20.0F ? v : std::log(1.0F + std::exp(v)); };
  const size_t share = x.size() / gate.size();
  for (size_t i = 0; i < gate.size(); ++i) {
    const float g = kind == AttnGate::sigmoid ? sigmoid(gate[i]) : softplus(gate[i]);
    for (size_t j = i * share; j < (i + 1) * share; ++j) x[j] *= g;
  }
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
