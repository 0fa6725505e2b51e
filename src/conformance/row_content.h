// Rows that are not every logit: whether what they tell can be (docs/protocol.md, types 139 to
// 141).
#pragma once

#include "conformance/checks.h"

namespace crossval {

/// Of an engine whose rows are `top`.
Result<Checked> lists_most_likely_tokens(CheckedProgram& program);

/// Of an engine whose rows are `hashes`.
Result<Checked> hashes_rows_and_tensors(CheckedProgram& program);

}  // namespace crossval
