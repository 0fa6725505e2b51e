// The result of `verify`: tokens that somebody says a model produced, each held against an engine's
// own row.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "results/sampling.h"
#include "results/warning.h"

namespace crossval {

/// One produced token beside the row that it was to come from.
struct ProducedToken {
  int32_t sample = 0;    // of the file, from 0
  int32_t output = 0;    // of the sample
  int32_t index = 0;     // of the output
  int32_t position = 0;  // of the row
  TokenId id = 0;
  TokenId expected = 0;    // the row's highest logit, the lowest of equals
  int64_t rank = 1;        // 1: it is that
  double margin = 0;       // by how much its logit is below the highest
  double outside = 0;      // and below the lowest of those that the sampling leaves; 0: it is left
  double probability = 0;  // that the sampling leaves it
};

struct Verification {
  EngineInfo engine;
  std::vector<Warning> warnings;
  std::string path;
  double margin_tol = 0.5;
  SamplingOptions sampling;  // what the tokens were drawn with
  int32_t samples = 0, outputs = 0;
  int64_t tokens = 0;                    // scored
  int64_t matches = 0;                   // that the sampling leaves; greedy: of rank 1
  int64_t near = 0;                      // others that are outside by the tolerance at most
  int64_t far = 0;                       // all others
  double match_low = 0, match_high = 0;  // 95 % interval of the match rate (Wilson's)
  double mean_margin = 0, largest_margin = 0;
  /// Of the matches of drawn tokens: the mean of ln p, what it is on average of such draws, and by
  /// how many standard errors it is off.
  double mean_log_p = 0, expected_log_p = 0, deviation = 0;
  std::vector<ProducedToken> worst;  // those farthest outside, kMostShown at most

  static constexpr size_t kMostShown = 20;
  /// Fewer tokens than that, or less far off, say nothing: the mean is no normal one yet, and an
  /// engine that rounds otherwise draws from a slightly other distribution.
  static constexpr int64_t kFewestDrawn = 30;
  static constexpr double kMostDeviation = 5;

  bool drawn() const { return sampling.temperature > 0; }
  bool unlikely() const {
    return drawn() && matches >= kFewestDrawn && !(std::abs(deviation) <= kMostDeviation);
  }
};

inline ExitCode exit_code(const Verification& v) {
  return v.far > 0 || v.unlikely() ? ExitCode::diverged : ExitCode::ok;
}

}  // namespace crossval
