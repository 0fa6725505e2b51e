// The health gate: logits that no working engine gives. One bad value never ends in a pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "engine/row.h"
#include "results/health.h"

namespace crossval {

/// What is wrong with a row; nothing when it is healthy. Of logits the first that applies of:
/// wrong-width, nan, infinite, all-zero, constant. Of a list of most likely tokens: no-tokens, nan,
/// infinite, outside-vocabulary, duplicate-token, not-a-distribution. Of a hash: not-finite.
std::optional<HealthFinding> check_row(Side side, int32_t position, const Row& row,
                                       int32_t n_vocab);

/// The error that such a finding is where it is no result. `where` names the engine.
tl::unexpected<Error> unhealthy_logits(const HealthFinding& finding, std::string where);

/// Whether it is of the kind (nan, infinite) that makes other rows of its batch ill, even ones
/// before it: 0 × NaN of a key that a position does not see is NaN.
inline bool is_not_finite(const HealthFinding& finding) {
  return finding.name == "nan" || finding.name == "infinite" || finding.name == "not-finite";
}

}  // namespace crossval
