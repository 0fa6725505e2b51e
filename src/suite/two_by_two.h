// From positions of two pairs to the effects of engine and quantisation.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "results/two_by_two.h"

namespace crossval {

/// ln p of one token by the four runs: [model][engine].
using FourScores = std::array<std::array<double, 2>, 2>;

/// Sums by prompt, as PairStatistics keeps them.
class EffectStatistics {
 public:
  void add(int32_t prompt, const FourScores& scores);
  void leave_out() { ++left_out_; }

  /// Into the figures of `result`. Means and their errors are those of PairStatistics; 95 % is
  /// Student's t of prompts − 1.
  void finish(TwoByTwo& result) const;

 private:
  static constexpr size_t kEffects = 6;
  struct Sums {
    int64_t positions = 0;
    std::array<double, kEffects> change{}, squares{};
  };
  std::map<int32_t, Sums> prompts_;
  int64_t left_out_ = 0;
};

}  // namespace crossval
