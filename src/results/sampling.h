// How a token is chosen from a row of logits.
#pragma once

#include <cstdint>

namespace crossval {

struct SamplingOptions {
  double temperature = 0;  // 0: greedy, the most likely token
  int32_t top_k = 0;       // only the k most likely tokens; 0: all
  double top_p = 1;        // only the fewest tokens whose probabilities sum to at least this
  double min_p = 0;        // only tokens at least this times as likely as the most likely one
  bool temperature_last = false;  // the filters see temperature 1
  uint64_t seed = 0;
};

}  // namespace crossval
