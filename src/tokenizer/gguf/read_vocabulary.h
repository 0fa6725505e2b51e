// The vocabulary that a model file holds (tokenizer.ggml.*).
#pragma once

#include <string>

#include "base/error.h"
#include "gguf/file.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

/// The name of the pre-tokenizer that a model file asks for, "default" where it names none; empty
/// for the kinds that have none. Errors (bad_input_file): a key of the wrong kind.
Result<std::string> pre_tokenizer_name(const GgufFile& file);

/// Merges, character maps and other things of one family stay in the file. Errors (bad_input_file):
/// keys that are missing or do not fit each other, a tokenizer model or pre-tokenizer that is not
/// supported (named).
Result<Vocabulary> read_vocabulary(const GgufFile& file);

}  // namespace crossval
