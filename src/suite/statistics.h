// From positions to the figures of a pair (docs/suites.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "results/suite.h"

namespace crossval {

/// What one position has to say.
struct PositionSample {
  double kl = 0;  // nats
  bool same_top = false;
  /// ln p of the token that follows in the prompt; none at its end and of decode steps.
  std::optional<double> candidate_next{}, reference_next{};
  /// With a noise floor: whether the most likely tokens differ by more than noise can do.
  std::optional<bool> decisive_flip{};
};

/// Sums by prompt, so that the order in which prompts come changes no digit. Eight bytes a position
/// are kept, for the percentiles.
class PairStatistics {
 public:
  void add(int32_t prompt, const PositionSample& sample);

  /// Means and their errors are those of `ratio` (suite/ratio.h).
  SuiteStatistics finish();

 private:
  struct Sums {
    int64_t positions = 0, scored = 0, same_top = 0;
    int64_t beside_floor = 0, ties = 0, decisive = 0;
    double kl = 0, candidate_nll = 0, reference_nll = 0, delta_p = 0, delta_p_squares = 0;
  };
  std::map<int32_t, Sums> prompts_;
  std::vector<double> kl_;
};

}  // namespace crossval
