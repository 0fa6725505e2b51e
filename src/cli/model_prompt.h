// The prompt of a model: its templates and special tokens read, then built.
#pragma once

#include "base/error.h"
#include "engine/info.h"
#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "prompt/request.h"

namespace crossval {

struct ModelPrompt {
  Prompt prompt;
  PromptModelFacts model;  // empty when ids were given: nothing is read for them
};

/// `settings` are those of an engine that has loaded the model. Errors: usage, bad_input_file,
/// engine_failed (a Jinja template without a renderer).
Result<ModelPrompt> build_model_prompt(const PromptRequest& request,
                                       const EngineSettings& settings);

}  // namespace crossval
