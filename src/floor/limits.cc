#include "floor/limits.h"

#include <algorithm>

namespace crossval {
FloorLimits limits_of(const Floor& floor) {
  FloorLimits limits;
  const auto allowed = [](const Spread& seen) {
    return std::max(kTimesP99 * seen.p99, kTimesWorst * seen.worst);
  };
  for (const FloorSetting& setting : floor.settings) {
    limits.kl = std::max(limits.kl, allowed(setting.kl));
    limits.nmse = std::max(limits.nmse, allowed(setting.centred_nmse));
    limits.kl_worst = std::max(limits.kl_worst, setting.kl.worst);
    limits.nmse_worst = std::max(limits.nmse_worst, setting.centred_nmse.worst);
    limits.noise = std::max(limits.noise, setting.max_abs_diff.median);
  }
  return limits;
}

double centred_nmse(const RowMetrics& metrics) {
  return metrics.centred_relative_l2 * metrics.centred_relative_l2;
}

FloorVerdict judge_position(const RowMetrics& metrics, const FloorLimits& limits, double noise) {
  const double nmse = centred_nmse(metrics);
  FloorVerdict verdict;
  verdict.within = metrics.kl <= limits.kl && nmse <= limits.nmse;
  verdict.above = !(metrics.kl <= limits.kl_worst && nmse <= limits.nmse_worst);
  verdict.flips = metrics.candidate_argmax != metrics.reference_argmax;
  verdict.decisive = verdict.flips && !(metrics.reference_margin <= 2 * noise);
  verdict.factor = std::max(metrics.kl / limits.kl, nmse / limits.nmse);
  return verdict;
}

}  // namespace crossval
