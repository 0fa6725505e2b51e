// What a sound model file's vocabulary and chat template do not have.
#pragma once

#include <vector>

#include "gguf/file.h"
#include "results/inspection.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

/// duplicate-tokens: two tokens have the same text. Such a vocabulary cannot be read any further.
void find_duplicate_tokens(const GgufFile& file, std::vector<FileFinding>& findings);

/// special-token: a key names a token that is not there. vocabulary-size: another number of tokens
/// than of embeddings.
void find_in_sizes(const GgufFile& file, const TokenizerFacts& facts,
                   std::vector<FileFinding>& findings);

/// token-types: all tokens are normal ones, those that the file names as BOS or EOS among them.
/// ordinary-token: one of those alone is. turn-end: the chat template ends a turn with a token that
/// does not end generation.
void find_in_tokens(const GgufFile& file, const Vocabulary& vocabulary,
                    std::vector<FileFinding>& findings);

/// no-pre-tokenizer: the file does not say how text is cut into words. wrong-pre-tokenizer: it says
/// so, and with another rule the vocabulary is a known one.
void find_in_pre_tokenizer(const GgufFile& file, const Vocabulary& vocabulary,
                           std::vector<FileFinding>& findings);

}  // namespace crossval
