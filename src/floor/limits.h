// What a floor allows of a position.
#pragma once

#include "results/floor.h"
#include "results/row_metrics.h"

namespace crossval {

/// How many times the floor's p99 a position may have, and how many times its worst: KL has a long
/// tail, whose p99 alone says too little of thousands of positions (docs/floor.md).
inline constexpr double kTimesP99 = 3, kTimesWorst = 2;
/// What a position may have however low the floor is: what arithmetic in 16 bits does.
inline constexpr double kKlGuard = 1e-3, kNmseGuard = 5e-5;

/// The most of all settings of a floor.
struct FloorLimits {
  double kl = kKlGuard, nmse = kNmseGuard;  // what a position may have
  double kl_worst = 0, nmse_worst = 0;      // that was seen
  double noise = 0;  // largest of the settings' median differences between logits
};

FloorLimits limits_of(const Floor& floor);

/// Square of the centred relative L2.
double centred_nmse(const RowMetrics& metrics);

/// A healthy position beside a floor.
struct FloorVerdict {
  bool within = false;    // KL and centred NMSE
  bool above = false;     // farther than anything that was seen for the floor
  bool flips = false;     // another most likely token,
  bool decisive = false;  // and the reference's margin is above twice the noise
  double factor = 0;      // how many times the limits its distances are

  bool passes() const { return within && !decisive; }
};

/// `noise`: how far two logits of healthy engines are apart there. Written so that NaN passes
/// nothing.
FloorVerdict judge_position(const RowMetrics& metrics, const FloorLimits& limits, double noise);

}  // namespace crossval
