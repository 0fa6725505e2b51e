// The result of `per-token --align text`: two engines of different vocabularies, by the probability
// that each gives the same text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "results/comparison.h"
#include "results/token_mismatch.h"
#include "results/warning.h"

namespace crossval {

/// Text between two places at which tokens of both sides end.
struct TextSegment {
  TextRange bytes;
  int32_t candidate_tokens = 0, reference_tokens = 0;
  /// ln p of the segment behind all text before it: the sum over its tokens. NaN: a side tells only
  /// its most likely tokens, and not one of these.
  double candidate = 0, reference = 0;
};

struct TextAlignment {
  EngineInfo candidate, reference;
  PromptRecord prompt;
  std::vector<Warning> warnings;
  int32_t candidate_tokens = 0, reference_tokens = 0;
  double logprob_tol = 0;
  std::vector<TextSegment> segments;
  // Over the segments that both tell:
  int32_t compared = 0;
  size_t bytes = 0;
  double candidate_sum = 0, reference_sum = 0;  // ln p
  int32_t worst = -1;                           // the segment of the largest |Δ ln p|; -1: none
  double max_abs_diff = 0;
};

inline bool diverged(const TextAlignment& result) {
  return result.compared == 0 || result.max_abs_diff > result.logprob_tol;
}

inline ExitCode exit_code(const TextAlignment& result) {
  return diverged(result) ? ExitCode::diverged : ExitCode::ok;
}

}  // namespace crossval
