#include "session/floor_judgement.h"

#include <algorithm>

#include "floor/limits.h"
#include "floor/paired_test.h"

namespace crossval {
namespace {

// What the floor pair says of a position; of one where it has no figures, what the floor says.
double noise_at(size_t i, std::span<const RowMetrics> pair, const FloorLimits& limits) {
  const double here = i < pair.size() ? pair[i].centred_max_abs_diff : 0;
  return std::max(limits.noise, here);
}

PairedTest paired(const Comparison& comparison, std::span<const RowMetrics> pair) {
  std::vector<double> run;
  std::vector<double> floor;
  for (size_t i = 0; i < std::min(comparison.positions.size(), pair.size()); ++i) {
    run.push_back(comparison.positions[i].metrics.centred_relative_l2);
    floor.push_back(pair[i].centred_relative_l2);
  }
  return paired_test(run, floor, comparison.floor->floor.margin);
}

}  // namespace

void judge_by_floor(Comparison& comparison, std::span<const RowMetrics> pair) {
  FloorComparison& result = *comparison.floor;
  const FloorLimits limits = limits_of(result.floor);
  result.kl_limit = limits.kl;
  result.nmse_limit = limits.nmse;
  double factor = 0;
  for (size_t i = 0; i < comparison.positions.size(); ++i) {
    PositionResult& position = comparison.positions[i];
    if (!position.healthy) continue;
    const double noise = noise_at(i, pair, limits);
    const FloorVerdict verdict = judge_position(position.metrics, limits, noise);
    position.floor = PositionFloor{
        .distance = i < pair.size() ? std::optional(pair[i].centred_relative_l2) : std::nullopt,
        .noise = noise,
        .above = verdict.above,
        .decisive_flip = verdict.decisive};
    if (comparison.requirement == Requirement::floor) position.passed = verdict.passes();
    result.above += verdict.above ? 1 : 0;
    result.decisive_flips += verdict.decisive ? 1 : 0;
    result.tie_flips += verdict.flips && !verdict.decisive ? 1 : 0;
    factor = std::max(factor, verdict.factor);
  }
  if (result.decisive_flips == 0) result.passing_factor = factor;
  if (!pair.empty()) result.paired = paired(comparison, pair);
}

}  // namespace crossval
