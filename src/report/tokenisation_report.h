// The results of `tokenize`, for people and for programs (docs/json.md).
#pragma once

#include <string>

#include "report/text_report.h"
#include "results/tokenisation.h"

namespace crossval {

/// One line per token: index, byte range, id, piece; then the count. Verbose: how the prompt came
/// to be before them.
std::string tokenisation_text(const Tokenisation& tokenisation, const TextOptions& options);

/// One document; with `count_only` without the prompt and the tokens.
std::string tokenisation_json(const Tokenisation& tokenisation, bool count_only);

/// Both engines, then the tokens that they share, or where they part and why.
std::string token_comparison_text(const TokenComparison& comparison, const TextOptions& options);

/// One document.
std::string token_comparison_json(const TokenComparison& comparison);

}  // namespace crossval
