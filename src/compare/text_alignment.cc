#include "compare/text_alignment.h"

#include <cmath>
#include <cstddef>

namespace crossval {
namespace {

// A place in the text at which a token ends.
struct Boundary {
  size_t byte = 0;
  size_t token = 0;  // the last one before it
};

// The places behind which everything is predicted: from the end of the first token on, which is
// the text's beginning where that is a BOS.
std::vector<Boundary> boundaries(const ScoredTokens& side) {
  std::vector<Boundary> all;
  all.reserve(side.ranges.size());
  for (size_t i = 0; i < side.ranges.size(); ++i) {
    const TextRange& range = side.ranges[i];
    if (i == 0 || range.begin < range.end) all.push_back({range.end, i});
  }
  return all;
}

double sum_between(const ScoredTokens& side, size_t after, size_t last) {
  double sum = 0;
  for (size_t i = after + 1; i <= last; ++i) sum += side.log_probabilities[i];
  return sum;
}

}  // namespace

std::vector<TextSegment> align_text(const ScoredTokens& candidate, const ScoredTokens& reference) {
  const std::vector<Boundary> a = boundaries(candidate), b = boundaries(reference);
  std::vector<TextSegment> segments;
  bool begun = false;
  Boundary last_a, last_b;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].byte != b[j].byte) {
      ++(a[i].byte < b[j].byte ? i : j);
      continue;
    }
    if (begun && a[i].byte > last_a.byte) {
      segments.push_back({.bytes = {last_a.byte, a[i].byte},
                          .candidate_tokens = static_cast<int32_t>(a[i].token - last_a.token),
                          .reference_tokens = static_cast<int32_t>(b[j].token - last_b.token),
                          .candidate = sum_between(candidate, last_a.token, a[i].token),
                          .reference = sum_between(reference, last_b.token, b[j].token)});
    }
    begun = true;
    last_a = a[i++];
    last_b = b[j++];
  }
  return segments;
}

void sum_up(TextAlignment& result) {
  for (size_t i = 0; i < result.segments.size(); ++i) {
    const TextSegment& segment = result.segments[i];
    const double difference = std::fabs(segment.candidate - segment.reference);
    if (std::isnan(difference)) continue;
    ++result.compared;
    result.bytes += segment.bytes.end - segment.bytes.begin;
    result.candidate_sum += segment.candidate;
    result.reference_sum += segment.reference;
    if (result.worst >= 0 && difference <= result.max_abs_diff) continue;
    result.worst = static_cast<int32_t>(i);
    result.max_abs_diff = difference;
  }
}

}  // namespace crossval
