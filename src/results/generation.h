// The result of `run`: a prompt and what one engine made of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/info.h"
#include "results/comparison.h"
#include "results/sampling.h"

namespace crossval {

/// Why a generation ended.
enum class StopReason {
  end_of_generation,  // the model's own token for it
  stop_text,          // one of the texts the user named
  max_tokens,
  context_full,
  interrupted,  // Ctrl-C, SIGTERM
};

struct Generation {
  EngineInfo engine;
  SamplingOptions sampling;
  PromptRecord prompt;
  std::vector<Warning> warnings;  // those known before it began first
  std::vector<TokenId> prompt_tokens;
  std::vector<TokenId> tokens;  // generated, without an end-of-generation token
  std::string text;             // their bytes, up to a stop text
  StopReason stop = StopReason::max_tokens;

  int32_t prompt_positions = 0;  // of the prompt that were evaluated: all unless interrupted
  double prompt_seconds = 0;     // wall time of evaluating them
  int32_t decode_steps = 0;      // tokens evaluated after it: the last one generated is not
  double decode_seconds = 0;     // wall time of them, sampling included
};

/// The exit status that belongs to the end of a generation.
constexpr ExitCode exit_code(StopReason stop) {
  return stop == StopReason::interrupted ? ExitCode::interrupted : ExitCode::ok;
}

}  // namespace crossval
