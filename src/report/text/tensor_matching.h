// `match` for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/tensor_matching.h"

namespace crossval {

/// The matches that need a look: those by other than the name, and those of one name whose values
/// are far apart; then the tensors without a partner.
std::string tensor_matching_text(const TensorMatching& result, const TextOptions& options);

}  // namespace crossval
