// The user's tokens of a vocabulary, to be found in normalised text.
#pragma once

#include "tokenizer/spelling/byte_trie.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

/// Their texts; the values are ids.
ByteTrie user_defined_trie(const Vocabulary& vocabulary);

}  // namespace crossval
