// The vocabulary and the chat template of a model file beside those of a checkpoint.
#pragma once

#include <vector>

#include "gguf/file.h"
#include "results/inspection.h"

namespace crossval {

/// Tokens, their kinds, merges, special ids and flags, the rule that cuts words, templates.
void find_in_vocabulary_against(const GgufFile& file, const GgufFile& checkpoint,
                                std::vector<FileFinding>& findings,
                                std::vector<std::string>& notes);

}  // namespace crossval
