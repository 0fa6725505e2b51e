#include "suite/statistics.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "suite/ratio.h"

namespace crossval {
namespace {

// By linear interpolation between neighbours, as llama-perplexity does. `sorted` is not empty.
double percentile(std::span<const double> sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = place - static_cast<double>(below);
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

}  // namespace

void PairStatistics::add(int32_t prompt, const PositionSample& sample) {
  Sums& sums = prompts_[prompt];
  ++sums.positions;
  sums.kl += sample.kl;
  sums.same_top += sample.same_top ? 1 : 0;
  kl_.push_back(sample.kl);
  if (sample.decisive_flip) {
    ++sums.beside_floor;
    sums.decisive += *sample.decisive_flip ? 1 : 0;
    sums.ties += !sample.same_top && !*sample.decisive_flip ? 1 : 0;
  }
  if (!sample.candidate_next || !sample.reference_next) return;
  ++sums.scored;
  sums.candidate_nll -= *sample.candidate_next;
  sums.reference_nll -= *sample.reference_next;
  const double delta = std::exp(*sample.candidate_next) - std::exp(*sample.reference_next);
  sums.delta_p += delta;
  sums.delta_p_squares += delta * delta;
}

SuiteStatistics PairStatistics::finish() {
  SuiteStatistics s;
  s.prompts = static_cast<int32_t>(prompts_.size());
  std::vector<Part> candidate, reference, difference, kl, delta, top, decisive;
  double delta_squares = 0;
  for (const auto& [unused, sums] : prompts_) {
    const auto n = static_cast<double>(sums.positions);
    s.positions += sums.positions;
    kl.push_back({sums.kl, n});
    top.push_back({static_cast<double>(sums.same_top), n});
    if (sums.beside_floor > 0) {
      if (!s.flips) s.flips.emplace();
      s.flips->ties += sums.ties;
      s.flips->decisive += sums.decisive;
      decisive.push_back(
          {static_cast<double>(sums.decisive), static_cast<double>(sums.beside_floor)});
    }
    if (sums.scored == 0) continue;
    const auto scored = static_cast<double>(sums.scored);
    s.scored += sums.scored;
    candidate.push_back({sums.candidate_nll, scored});
    reference.push_back({sums.reference_nll, scored});
    difference.push_back({sums.candidate_nll - sums.reference_nll, scored});
    delta.push_back({sums.delta_p, scored});
    delta_squares += sums.delta_p_squares;
  }
  s.candidate_nll = ratio(candidate);
  s.reference_nll = ratio(reference);
  s.nll_difference = ratio(difference);
  s.kl = ratio(kl);
  s.delta_p = ratio(delta);
  s.same_top = ratio(top);
  s.decisive_share = ratio(decisive);
  if (s.scored > 0) s.delta_p_rms = std::sqrt(delta_squares / static_cast<double>(s.scored));
  if (kl_.empty()) return s;
  std::ranges::sort(kl_);
  s.kl_median = percentile(kl_, 0.5);
  s.kl_p90 = percentile(kl_, 0.9);
  s.kl_p99 = percentile(kl_, 0.99);
  s.kl_p999 = percentile(kl_, 0.999);
  s.kl_max = kl_.back();
  return s;
}

}  // namespace crossval
