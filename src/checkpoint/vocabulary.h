// The vocabulary of a checkpoint as the tokenizer.* keys of a GGUF file.
#pragma once

#include <string>

#include "base/error.h"
#include "checkpoint/config.h"
#include "checkpoint/key_list.h"

namespace crossval {

/// From tokenizer.model, or tokenizer.json, with tokenizer_config.json, generation_config.json and
/// chat_template.jinja, as far as they are in the folder; nothing where there is no tokenizer.
/// Errors (bad_input_file): a file that is no JSON, or not what its name says.
Result<void> add_vocabulary(const std::string& folder, const JsonFile& config, KeyList& keys);

}  // namespace crossval
