// Whether two tokenizers have the same vocabulary.
#pragma once

#include <optional>
#include <string>

#include "tokenizer/tokenizer.h"

namespace crossval {

/// In words, what `own` has otherwise than `other`: the number of tokens and the first id whose
/// pieces differ ("50,257 tokens beside 49,152; id 0 is [!] beside [<|endoftext|>]"); nothing when
/// neither differs. Unused tokens, with which files fill up a vocabulary, are no difference, nor is
/// how the unknown token is written.
std::optional<std::string> vocabulary_difference(const Tokenizer& own, const Tokenizer& other);

}  // namespace crossval
