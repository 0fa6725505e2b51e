// The result of `record`: what went into the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/info.h"
#include "results/comparison.h"
#include "results/warning.h"

namespace crossval {

struct Recording {
  EngineInfo engine;
  PromptRecord prompt;
  std::vector<Warning> warnings;
  std::string path;
  uint64_t bytes = 0;  // of the file
  RowContent rows = RowContent::logits;
  int32_t top_tokens = 0;  // of RowContent::top
  int32_t prompt_positions = 0;
  /// Of llama-perplexity's base, that the prompt was cut into; 0: a recording was written.
  int32_t chunks = 0;
  int32_t decode_steps = 0;
  int64_t tensors = 0;          // (name, op, chunk) recorded
  std::vector<TokenId> tokens;  // of the prompt and the continuation
  bool stopped_at_end_of_generation = false;
};

}  // namespace crossval
