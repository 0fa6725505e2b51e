// What each token decodes to.
#pragma once

#include <string>

#include "tokenizer/vocabulary.h"

namespace crossval {

/// The bytes of one token, special tokens by their text.
std::string token_bytes(const Vocabulary& vocabulary, int32_t id);

}  // namespace crossval
