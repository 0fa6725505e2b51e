// The results of `tokenize`, for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/tokenisation.h"

namespace crossval {

/// One line per token: index, byte range, id, piece; then the count. Verbose: how the prompt came
/// to be before them.
std::string tokenisation_text(const Tokenisation& tokenisation, const TextOptions& options);

/// Both engines, then the tokens that they share, or where they part and why.
std::string token_comparison_text(const TokenComparison& comparison, const TextOptions& options);

}  // namespace crossval
