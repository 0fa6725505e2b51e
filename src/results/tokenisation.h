// The results of `tokenize`: a text and what one engine's tokenizer, or two, made of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/info.h"
#include "results/comparison.h"
#include "results/token_mismatch.h"

namespace crossval {

struct Tokenisation {
  EngineInfo engine;
  PromptRecord prompt;  // text and decisions
  std::vector<TokenId> ids;
  std::vector<std::string> pieces;  // bytes of each id, special tokens as their text
  std::vector<TextRange> ranges;    // where in the text each comes from
  std::vector<Warning> warnings;
};

/// `tokenize --compare`: a text by each engine's own tokenizer.
struct TokenComparison {
  Tokenisation candidate, reference;
  std::optional<TokenMismatch> mismatch;
  bool own_texts = false;         // each side had its own; else both had the reference's
  std::vector<Warning> warnings;  // the prompt's and both engines'
};

constexpr ExitCode exit_code(const TokenComparison& comparison) {
  return comparison.mismatch ? ExitCode::tokens_differ : ExitCode::ok;
}

}  // namespace crossval
