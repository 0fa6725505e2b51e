// The prompts of a llama-perplexity base, or of a file of its kind.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "recording/prompt_chunks.h"

namespace crossval {

/// Nothing where it is no such file. Errors (bad_input_file, with the offset): missing, sizes that
/// do not fit together.
Result<std::optional<PromptChunks>> read_prompt_chunks(const std::string& path);

}  // namespace crossval
