// What a model file says about its tokenizer.
#pragma once

#include <optional>

#include "base/error.h"
#include "gguf/file.h"
#include "results/inspection.h"

namespace crossval {

/// Errors (bad_input_file): the vocabulary cannot be read, is of an unknown kind, or nothing
/// can be encoded with it.
Result<TokenizerFacts> read_tokenizer_facts(const GgufFile& file);

}  // namespace crossval
