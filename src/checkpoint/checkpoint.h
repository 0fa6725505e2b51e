// A Hugging Face checkpoint (a folder with config.json, safetensors and a tokenizer) as the GGUF
// file that llama.cpp's converter would make of it, without making one.
//
// Keys of our own beside a converter's: checkpoint.lost and checkpoint.not_computed (what the
// checkpoint says and a GGUF cannot, and of that what our engines do not compute either),
// checkpoint.unread (members of config.json that nobody looked at), checkpoint.changes (what was
// done to each tensor), checkpoint.tokenizer (its tokenizer.json), checkpoint.eos_token_ids, and
// ARCH.checkpoint.windows (a window a layer, 0 for none, where a GGUF of the architecture has
// none).
#pragma once

#include <string>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

/// Weights stay as they are stored, F32, F16 or BF16; those that change on the way are made in
/// memory. Errors (bad_input_file): a file that is missing or refused by its reader, an
/// architecture, a dtype or a tensor that is not known; (engine_failed) what is made does not fit
/// into memory.
Result<GgufFile> read_checkpoint(const std::string& folder);

}  // namespace crossval
