// The result of `verify`: tokens that somebody says a model produced, each held against an engine's
// own row.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "results/warning.h"

namespace crossval {

/// One produced token beside the row that it was to come from.
struct ProducedToken {
  int32_t sample = 0;    // of the file, from 0
  int32_t output = 0;    // of the sample
  int32_t index = 0;     // of the output
  int32_t position = 0;  // of the row
  TokenId id = 0;
  TokenId expected = 0;  // the row's highest logit, the lowest of equals
  int64_t rank = 1;      // 1: it is that
  double margin = 0;     // by how much its logit is below the highest
};

struct Verification {
  EngineInfo engine;
  std::vector<Warning> warnings;
  std::string path;
  double margin_tol = 0.5;
  int32_t samples = 0, outputs = 0;
  int64_t tokens = 0;                    // scored
  int64_t matches = 0;                   // of rank 1
  int64_t near = 0;                      // others whose margin is within the tolerance
  int64_t far = 0;                       // all others
  double match_low = 0, match_high = 0;  // 95 % interval of the match rate (Wilson's)
  double mean_margin = 0, largest_margin = 0;
  std::vector<ProducedToken> worst;  // those of the largest margins, kMostShown at most

  static constexpr size_t kMostShown = 20;
};

inline ExitCode exit_code(const Verification& v) {
  return v.far > 0 ? ExitCode::diverged : ExitCode::ok;
}

}  // namespace crossval
