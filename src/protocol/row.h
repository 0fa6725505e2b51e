// What stands in place of the logits of a position where they are not all there: the most likely
// tokens, or a hash that knows the row again.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace crossval {

struct TopToken {
  int32_t id = 0;
  float log_probability = 0;  // natural logarithm, of the softmax over the whole vocabulary

  bool operator==(const TopToken&) const = default;
};

/// The more likely one is first, the lower id of equals.
inline bool is_likelier(const TopToken& a, const TopToken& b) {
  return a.log_probability != b.log_probability ? a.log_probability > b.log_probability
                                                : a.id < b.id;
}

/// The most likely tokens of a position. What is not listed stays unknown: it is never filled up.
struct TopRow {
  std::vector<TopToken> tokens;  // the most likely first
  /// Probability of all others together; NaN: not told.
  double rest = std::numeric_limits<double>::quiet_NaN();
};

/// Knows a row again, without its values.
struct RowHash {
  uint64_t hash = 0;    // hash_of (row_hash.h)
  int32_t argmax = -1;  // the highest logit, the lowest of equals; -1: some value is not finite
};

}  // namespace crossval
