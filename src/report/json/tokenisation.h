// The results of `tokenize` for programs (docs/json.md).
#pragma once

#include <string>

#include "results/tokenisation.h"

namespace crossval {

/// One document; with `count_only` without the prompt and the tokens.
std::string tokenisation_json(const Tokenisation& tokenisation, bool count_only);

/// One document.
std::string token_comparison_json(const TokenComparison& comparison);

}  // namespace crossval
