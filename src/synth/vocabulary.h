// The vocabulary of a made-up model: one of its own, small but real, or that of another file.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace crossval {

/// Byte-level BPE: three control tokens, the 256 bytes, and the merges of some English words.
/// Returns the number of tokens.
int64_t add_small_vocabulary(GgufWriter& to);

/// Copies every tokenizer key. Errors (bad_input_file): the file has no list of tokens.
Result<int64_t> copy_vocabulary(const GgufFile& from, GgufWriter& to);

}  // namespace crossval
