// Writes an engine's rows as the file that llama-perplexity scores models against.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "prompt/prompt.h"
#include "results/recording.h"
#include "session/per_token.h"

namespace crossval {

struct KlBasePlan {
  Prompt prompt;
  std::string path;     // of the file
  int32_t chunk = 512;  // positions of each; what is left over at the end is not evaluated
};

/// Evaluates each chunk of the prompt by itself, from position 0 on, with BOS in place of its first
/// token where the tokenizer adds one: as llama-perplexity does. Streams. Errors: usage (less than
/// one chunk, a chunk that does not fit or has no rows, an engine without every logit, a tokenizer
/// that adds EOS); the engine's; unhealthy; cannot_write; interrupted.
Result<Recording> record_kl_base(const KlBasePlan& plan, Engine& engine, PerTokenObserver& observer,
                                 const std::stop_token& stop);

}  // namespace crossval
