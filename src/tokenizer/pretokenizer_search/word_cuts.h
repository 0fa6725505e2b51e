// Whether a rule of llama.cpp and a tokenizer.json cut text into the same words: seen without
// their tokens, so that a small vocabulary hides nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval {

/// Whether `pre_tokenizer`, a name of tokenizer.ggml.pre, cuts `text` where the tokenizer.json at
/// `path` does. Errors (bad_input_file): no such name, no such file, or one that does not cut bytes
/// (byte-level BPE alone does).
Result<bool> cuts_alike(std::string_view pre_tokenizer, const std::string& path,
                        std::string_view text);

}  // namespace crossval
