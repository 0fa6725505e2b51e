// The health gate: logits that no working engine gives. One bad value never ends in a pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace crossval {

enum class Side { candidate, reference };

/// A definite finding (exit 3). Names are stable: nan, infinite, all-zero, constant, wrong-width,
/// missing-rows, extra-rows, nothing-compared.
struct HealthFinding {
  std::string name;
  Side side = Side::candidate;
  int32_t position = -1;  // of the row; -1: of the run as a whole
  int32_t token = -1;     // first logit concerned; -1: the whole row
  std::string detail;     // "first NaN at token 17 of 49152"
};

/// What is wrong with one logits row, the first that applies of: wrong-width, nan, infinite,
/// all-zero, constant. Nothing when the row is healthy.
std::optional<HealthFinding> check_row(Side side, int32_t position, std::span<const float> row,
                                       int32_t n_vocab);

/// Whether it is of the kind (nan, infinite) that makes other rows of its batch ill, even ones
/// before it: 0 × NaN of a key that a position does not see is NaN.
inline bool is_not_finite(const HealthFinding& finding) {
  return finding.name == "nan" || finding.name == "infinite";
}

}  // namespace crossval
