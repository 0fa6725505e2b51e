// The result of `tokenize`, for people and for programs (docs/json.md).
#pragma once

#include <string>

#include "results/tokenisation.h"

namespace crossval {

/// One line per token: index, byte range, id, piece; then the count.
std::string tokenisation_text(const Tokenisation& tokenisation);

/// One document.
std::string tokenisation_json(const Tokenisation& tokenisation);

}  // namespace crossval
