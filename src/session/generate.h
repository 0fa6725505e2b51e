// Generates text with one engine: the prompt evaluated, then token by token.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "prompt/prompt.h"
#include "results/generation.h"
#include "sample/sampler.h"

namespace crossval {

struct GenerationPlan {
  Prompt prompt;
  int32_t max_tokens = 128;
  SamplingOptions sampling;             // checked
  std::vector<std::string> stop_texts;  // none of them empty
};

/// Takes the generated text as it becomes final. An Error ends the generation with it.
using TextSink = std::function<Result<void>(std::string_view text)>;

/// Generates until the model, a stop text, max_tokens or the context ends it. An interruption
/// (`stop`) ends it too, with what there is so far. Errors: an engine's; usage (an engine that
/// cannot do it, a prompt without tokens or too long); unhealthy (a row that no working engine
/// gives, rows that are missing), naming engine and position; the sink's.
Result<Generation> generate(const GenerationPlan& plan, Engine& engine, const TextSink& sink,
                            std::stop_token stop);

}  // namespace crossval
