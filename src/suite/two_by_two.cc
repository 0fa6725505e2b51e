#include "suite/two_by_two.h"

#include <cmath>
#include <utility>
#include <vector>

#include "suite/ratio.h"

namespace crossval {

void EffectStatistics::add(int32_t prompt, const FourScores& scores) {
  const auto worse = [&](std::pair<int, int> now, std::pair<int, int> before) {
    const auto at = [&](std::pair<int, int> run) {
      return scores[static_cast<size_t>(run.first)][static_cast<size_t>(run.second)];
    };
    return at(before) - at(now);
  };
  const double full = worse({0, 1}, {0, 0}), quantised = worse({1, 1}, {1, 0});
  const std::array<double, kEffects> changes = {full,
                                                quantised,
                                                worse({1, 0}, {0, 0}),
                                                worse({1, 1}, {0, 1}),
                                                quantised - full,
                                                worse({1, 1}, {0, 0})};
  Sums& sums = prompts_[prompt];
  ++sums.positions;
  for (size_t i = 0; i < kEffects; ++i) {
    sums.change[i] += changes[i];
    sums.squares[i] += changes[i] * changes[i];
  }
}

void EffectStatistics::finish(TwoByTwo& result) const {
  result.prompts = static_cast<int32_t>(prompts_.size());
  result.left_out = left_out_;
  result.positions = 0;
  for (const auto& [unused, sums] : prompts_) result.positions += sums.positions;
  const std::array<Effect*, kEffects> effects = {&result.engine[0],       &result.engine[1],
                                                 &result.quantisation[0], &result.quantisation[1],
                                                 &result.interaction,     &result.whole};
  for (size_t i = 0; i < kEffects; ++i) {
    std::vector<Part> parts;
    parts.reserve(prompts_.size());
    double squares = 0;
    for (const auto& [unused, sums] : prompts_) {
      parts.push_back({sums.change[i], static_cast<double>(sums.positions)});
      squares += sums.squares[i];
    }
    Effect& effect = *effects[i];
    effect.mean = ratio(parts);
    const double half = effect.mean.error * student_t(result.prompts - 1);
    effect.low = effect.mean.value - half;
    effect.high = effect.mean.value + half;
    effect.rms = std::sqrt(squares / static_cast<double>(result.positions));
  }
}

}  // namespace crossval
