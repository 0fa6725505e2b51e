#include "floor/measured_floor.h"

#include <algorithm>
#include <cmath>

#include "floor/limits.h"
#include "floor/paired_test.h"
#include "floor/spread.h"

namespace crossval {
namespace {

constexpr double kSameNoise = 2;  // times as large, or as small, at most
constexpr double kDeviations = 1.5;

template <class Get>
Spread spread_over(const MeasuredSetting& measured, Get get) {
  std::vector<double> values;
  values.reserve(measured.metrics.size());
  for (const RowMetrics& metrics : measured.metrics) values.push_back(get(metrics));
  return spread_of(std::move(values));
}

std::vector<double> distances(const MeasuredSetting& measured) {
  std::vector<double> values;
  values.reserve(measured.metrics.size());
  for (const RowMetrics& metrics : measured.metrics) values.push_back(metrics.centred_relative_l2);
  return values;
}

FloorSetting setting_of(const MeasuredSetting& measured) {
  const auto count = [&](auto&& predicate) {
    return static_cast<int32_t>(std::ranges::count_if(measured.metrics, predicate));
  };
  return {
      .name = measured.name,
      .engine = measured.engine,
      .identical_rows = count([](const RowMetrics& m) { return m.identical; }),
      .argmax_flips =
          count([](const RowMetrics& m) { return m.candidate_argmax != m.reference_argmax; }),
      .kl = spread_over(measured, [](const RowMetrics& m) { return m.kl; }),
      .centred_nmse = spread_over(measured, centred_nmse),
      .cosine_distance = spread_over(measured, [](const RowMetrics& m) { return 1 - m.cosine; }),
      .max_abs_diff =
          spread_over(measured, [](const RowMetrics& m) { return m.centred_max_abs_diff; }),
      .relative_l2 = spread_over(measured, [](const RowMetrics& m) { return m.relative_l2; })};
}

bool differs(const FloorSetting& setting) { return setting.centred_nmse.worst > 0; }

double margin_of(const std::vector<FloorSetting>& settings) {
  std::vector<double> ratios;
  for (const FloorSetting& setting : settings) {
    if (differs(setting) && std::abs(setting.log_ratio) <= std::log(kSameNoise))
      ratios.push_back(setting.log_ratio);
  }
  const auto n = static_cast<double>(ratios.size());
  if (n < 2) return kLeastMargin;
  double mean = 0;
  for (const double ratio : ratios) mean += ratio / n;
  double squares = 0;
  for (const double ratio : ratios) squares += (ratio - mean) * (ratio - mean);
  return std::max(kLeastMargin, kDeviations * std::sqrt(squares / (n - 1)));
}

}  // namespace

void complete_floor(Floor& floor, const std::vector<MeasuredSetting>& measured) {
  floor.settings.clear();
  for (const MeasuredSetting& setting : measured) floor.settings.push_back(setting_of(setting));
  floor.positions = measured.empty() ? 0 : static_cast<int32_t>(measured.front().metrics.size());
  // Any that differs is the measure of the others; the largest of them then is the pair.
  floor.pair.reset();
  for (size_t i = 0; i < measured.size(); ++i) {
    if (!differs(floor.settings[i])) continue;
    const auto pair = floor.pair ? static_cast<size_t>(*floor.pair) : i;
    const bool larger = log_ratio(distances(measured[i]), distances(measured[pair])).mean > 0;
    if (!floor.pair || larger) floor.pair = static_cast<int32_t>(i);
  }
  floor.margin = kLeastMargin;
  if (!floor.pair) return;
  const std::vector<double> pair = distances(measured[static_cast<size_t>(*floor.pair)]);
  for (size_t i = 0; i < measured.size(); ++i) {
    if (static_cast<int32_t>(i) == *floor.pair) continue;
    const LogRatio ratio = log_ratio(distances(measured[i]), pair);
    floor.settings[i].log_ratio = ratio.mean;
    floor.settings[i].log_ratio_error = ratio.error;
  }
  floor.margin = margin_of(floor.settings);
}

}  // namespace crossval
