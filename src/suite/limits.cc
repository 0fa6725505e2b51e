#include "suite/limits.h"

#include <cmath>

namespace crossval {
namespace {

double figure_of(LimitedFigure figure, const SuiteStatistics& s) {
  if (s.positions == 0) return NAN;
  switch (figure) {
    case LimitedFigure::mean_kl:
      return s.kl.value;
    case LimitedFigure::kl_p999:
      return s.kl_p999;
    case LimitedFigure::max_kl:
      return s.kl_max;
    case LimitedFigure::ln_perplexity_ratio:
      return std::abs(s.nll_difference.value);
    case LimitedFigure::same_top:
      return s.same_top.value;
    case LimitedFigure::decisive_flips:
      return s.flips ? static_cast<double>(s.flips->decisive) : NAN;
  }
  return NAN;
}

}  // namespace

std::vector<JudgedLimit> judge_limits(std::span<const PairLimit> limits,
                                      const SuiteStatistics& statistics, bool whole) {
  std::vector<JudgedLimit> judged;
  for (const PairLimit& limit : limits) {
    const double value = figure_of(limit.figure, statistics);
    const bool keeps =
        limit.figure == LimitedFigure::same_top ? value >= limit.limit : value <= limit.limit;
    judged.push_back({.limit = limit,
                      .value = value,
                      .state = !whole  ? LimitState::not_judged
                               : keeps ? LimitState::kept
                                       : LimitState::broken});
  }
  return judged;
}

}  // namespace crossval
