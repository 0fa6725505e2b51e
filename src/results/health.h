// What is wrong with an engine's logits.
#pragma once

#include <cstdint>
#include <string>

namespace crossval {

enum class Side { candidate, reference };

inline Side other_side(Side side) {
  return side == Side::candidate ? Side::reference : Side::candidate;
}

/// "candidate", "reference": the same in text, JSON and stores.
constexpr const char* side_word(Side side) {
  return side == Side::candidate ? "candidate" : "reference";
}

/// A definite finding (exit 3). Names are stable: nan, infinite, all-zero, constant, wrong-width,
/// missing-rows, extra-rows, nothing-compared; of lists of most likely tokens no-tokens,
/// outside-vocabulary, duplicate-token, not-a-distribution; of hashes not-finite.
struct HealthFinding {
  std::string name;
  Side side = Side::candidate;
  int32_t position = -1;  // of the row; -1: of the run as a whole
  int32_t token = -1;     // first logit concerned; -1: the whole row
  std::string detail;     // "first NaN at token 17 of 49152"
};

}  // namespace crossval
