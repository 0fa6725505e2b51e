// The result of `tokenize`: a text and what one engine's tokenizer made of it.
#pragma once

#include <string>
#include <vector>

#include "engine/info.h"
#include "gate/token_offsets.h"
#include "results/comparison.h"

namespace crossval {

struct Tokenisation {
  std::string engine;   // "native"
  PromptRecord prompt;  // text and decisions
  std::vector<TokenId> ids;
  std::vector<std::string> pieces;  // bytes of each id, special tokens as their text
  std::vector<TextRange> ranges;    // where in the text each comes from
  std::vector<Warning> warnings;
};

}  // namespace crossval
