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

/// Loads the engine, then builds the prompt for its model. Errors: those of prompt_request,
/// single_engine, make_engine and build_model_prompt, in this order.
Result<PromptedEngine> open_prompted_engine(const PromptOptions& prompt,
                                            const SingleEngineOptions& engine,
                                            const Console& console);

}  // namespace crossval
