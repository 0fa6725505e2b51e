// How far two rows are apart of which one at least tells only its most likely tokens
// (docs/metrics.md, "Most likely tokens").
#pragma once

#include <cstdint>

namespace crossval {

struct TopMetrics {
  int32_t candidate_tokens = 0;  // that each side tells: its list, or the whole vocabulary
  int32_t reference_tokens = 0;
  int32_t compared = 0;  // told by both
  int32_t overlap = 0;   // among the `of` most likely of both, `of` the shorter side's number
  int32_t of = 0;

  /// Largest |Δ ln p| of a token. Of one that only one side tells: by how much it differs at least,
  /// as the other's is no more than the least that side tells.
  double max_abs_diff = 0;
  int32_t max_abs_token = -1;  // where; -1 when nothing differs
  bool at_least = false;       // it is of the second kind

  /// Place of the reference's most likely token on the candidate's side, 1 the first; 0: not told.
  int32_t rank = 0;

  /// Bounds on KL(reference ‖ candidate) in nats: of all that share what was told. The upper one is
  /// infinite unless the candidate tells every token.
  double kl_low = 0, kl_high = 0;
  double candidate_rest = 0, reference_rest = 0;  // probability of what each does not tell
};

}  // namespace crossval
