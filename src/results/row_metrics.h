// How far one logits row is from another: everything that is said about a position. docs/metrics.md
// defines each figure.
#pragma once

#include <cstdint>

namespace crossval {

/// Of one row, whatever the order of its values.
struct RowMoments {
  double mean = 0;
  double length = 0;  // ‖row‖
};

struct RowMetrics {
  bool identical = false;  // every bit of every logit, and all of them finite

  double cosine = 0;       // raw; 0 when a row is all zero, so that it passes nothing
  double l2 = 0;           // ‖candidate − reference‖
  double relative_l2 = 0;  // l2 / ‖reference‖; 0/0 is 0, x/0 is infinite
  double max_abs_diff = 0;
  int32_t max_abs_token = -1;  // where; the lowest of equals, -1 when nothing differs in value

  double kl = 0;          // KL(reference ‖ candidate) of the softmaxes, in nats
  double kl_reverse = 0;  // KL(candidate ‖ reference)

  int32_t candidate_argmax = -1;  // the lowest of equals
  int32_t reference_argmax = -1;
  int32_t top10_overlap = 0;    // tokens that are among the ten highest of both
  double reference_margin = 0;  // the reference's highest logit less its second highest
  RowMoments candidate_moments, reference_moments;

  // The logits of a position carry a free constant. `shift` is the one that brings the rows nearest
  // to each other, the mean of candidate − reference; the rest is what remains without it.
  double shift = 0;
  double centred_cosine = 0;  // of the rows less their means
  double centred_l2 = 0;
  double centred_relative_l2 = 0;  // over ‖reference − its mean‖
  double centred_max_abs_diff = 0;
};

}  // namespace crossval
