// A long text cut into prompts of equally many tokens, as llama-perplexity cuts it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "suite/prompts.h"

namespace crossval {

/// How to cut.
struct ChunkPlan {
  int32_t tokens = 512;           // of a chunk, its first one among them; 2 or more
  std::optional<int32_t> chunks;  // at most so many, from the beginning
};

/// The text without its last line end becomes ids, BOS in front where the vocabulary adds it; each
/// whole chunk of them is a prompt, "NAME/0" and so on, whose first id is BOS where the vocabulary
/// adds it, and whose first half is context alone (SuitePrompt::score_from). What is left at the
/// end is not used. `vocabularies`: files of models or tokenizers, which must all give the same
/// ids. Errors: those of Tokenizer::from_file; bad_input_file (a text shorter than two chunks, ids
/// that differ, no vocabulary).
Result<std::vector<SuitePrompt>> cut_into_chunks(std::string_view text, const std::string& name,
                                                 const ChunkPlan& plan,
                                                 std::span<const std::string> vocabularies);

}  // namespace crossval
