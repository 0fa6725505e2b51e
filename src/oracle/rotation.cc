#include "oracle/rotation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace crossval {
namespace {

/// The pair that turns `rotations` times within the context that the model was trained with.
double yarn_pair(const Rope& rope, double rotations) {
  const auto n_rot = static_cast<double>(rope.n_rot);
  return n_rot *
         std::log(static_cast<double>(rope.n_ctx_orig) / (rotations * 2 * std::numbers::pi)) /
         (2 * std::log(double{rope.base}));
}

/// 1 for pairs that keep their trained frequency, 0 for those that are interpolated.
double yarn_share(const Rope& rope, int64_t pair) {
  const double low = std::max(0.0, std::floor(yarn_pair(rope, rope.beta_fast)));
  const double high =
      std::min(static_cast<double>(rope.n_rot - 1), std::ceil(yarn_pair(rope, rope.beta_slow)));
  const double at = (static_cast<double>(pair) - low) / std::max(0.001, high - low);
  return 1 - std::clamp(at, 0.0, 1.0);
}

}  // namespace

std::vector<PairAngle> pair_angles(const Rotate& rotate, int64_t position) {
  const Rope& rope = rotate.rope;
  std::vector<PairAngle> angles(static_cast<size_t>(rope.n_rot / 2));
  for (int64_t pair = 0; pair < rope.n_rot / 2; ++pair) {
    PairAngle& of = angles[static_cast<size_t>(pair)];
    const bool still = !rope.still.empty() && rope.still[static_cast<size_t>(pair)];
    const double exponent = -2.0 * static_cast<double>(pair) / static_cast<double>(rope.n_rot);
    const double turned = still ? 0.0
                                : static_cast<double>(position + rotate.offset) *
                                      std::pow(double{rope.base}, exponent);
    const double trained = rotate.factors.present() ? turned / rotate.factors.data[pair] : turned;
    of.angle = rope.scale * trained;
    of.magnitude = rope.attn_factor;
    if (rope.ext_factor == 0.0F) continue;
    const double share = yarn_share(rope, pair) * rope.ext_factor;
    of.angle = of.angle * (1 - share) + trained * share;
    of.magnitude *= 1.0 + 0.1 * std::log(1.0 / rope.scale);
  }
  return angles;
}

void turn(const Rotate& rotate, const std::vector<PairAngle>& angles, double* head) {
  const bool adjacent = rotate.rope.pairs == RopePairs::adjacent;
  const int64_t step = adjacent ? 2 : 1;
  const int64_t partner = adjacent ? 1 : rotate.rope.n_rot / 2;
  for (size_t pair = 0; pair < angles.size(); ++pair) {
    double& a = head[step * static_cast<int64_t>(pair)];
    double& b = *(&a + partner);
    const double c = std::cos(angles[pair].angle) * angles[pair].magnitude;
    const double s = std::sin(angles[pair].angle) * angles[pair].magnitude;
    const double x = a;
    a = x * c - b * s;
    b = x * s + b * c;
  }
}

}  // namespace crossval
