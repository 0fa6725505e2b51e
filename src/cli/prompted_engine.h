// One engine and the prompt it is to see: what every command of a single engine begins with.
#pragma once

#include <memory>

#include "base/error.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "cli/interrupt.h"
#include "cli/prompt_options.h"
#include "engine/engine.h"
#include "prompt/prompt.h"

namespace crossval {

struct PromptedEngine {
  std::unique_ptr<Interruption> interruption;  // from when the prompt has been read; the engine's
  std::unique_ptr<Engine> engine;
  Prompt prompt;
};

/// Reads the prompt, then loads the engine. Errors: those of single_engine, read_model_prompt and
/// make_engine, in this order.
Result<PromptedEngine> open_prompted_engine(const PromptOptions& prompt,
                                            const SingleEngineOptions& engine,
                                            const Console& console);

}  // namespace crossval
