// What `explain --trace` and `--repro` leave behind beside the tensors: the result and a page.
#pragma once

#include "base/error.h"
#include "cli/explaining.h"
#include "launch/choice.h"
#include "results/explanation.h"

namespace crossval {

/// Makes those that are asked for. Errors: cannot_write.
Result<void> make_folders(const ExplainChoice& more);

/// Errors: cannot_write.
Result<void> write_folders(const Explanation& found, const PairChoice& engines,
                           const ExplainChoice& more);

}  // namespace crossval
