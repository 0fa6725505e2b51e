// One engine and the prompt that it is to see: what everything with a single engine begins with. In
// two steps, as what can be refused without an engine is refused before one loads.
#pragma once

#include <memory>

#include "base/error.h"
#include "engine/engine.h"
#include "launch/choice.h"
#include "launch/launch.h"
#include "prompt/model_prompt.h"
#include "prompt/template_renderer.h"

namespace crossval {

struct PromptedChoice {
  EngineSpec engine;
  EngineDefaults defaults;
  ModelPromptContent prompt;
};

/// Checks the engine and reads the prompt. Errors: those of single_engine and read_model_prompt, in
/// this order.
Result<PromptedChoice> choose_prompted_engine(const EngineChoice& choice,
                                              const PromptRequest& prompt, const OpenedFiles& files,
                                              const TemplateRenderer& renderer);

struct PromptedEngine {
  std::unique_ptr<Engine> engine;
  Prompt prompt;
  EngineSpec spec;  // that it was made of
};

/// Loads the engine. Errors: those of make_engine.
Result<PromptedEngine> open_prompted_engine(PromptedChoice choice, const Launch& launch);

/// Whose model and vocabulary a prompt is read for: for a checkpoint that transformers reads and we
/// do not, those of the model of all.
PromptSide prompt_side(const EngineSpec& engine, const EngineDefaults& defaults,
                       const OpenedFiles& files);

}  // namespace crossval
