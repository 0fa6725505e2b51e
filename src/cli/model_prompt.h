// The prompt of a model: its templates and special tokens read, then built.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/prompt_options.h"
#include "engine/info.h"
#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "prompt/request.h"

namespace crossval {

/// What is known of the prompt before an engine loads the model, which may take minutes.
struct ModelPromptContent {
  PromptRequest request;
  PromptModelFacts model;  // empty when ids were given: nothing is read for them
  PromptContent content;
};

/// Reads the prompt and renders it for the model at `model_path`. Every prompt that can be refused
/// without a tokenizer is refused here. Errors: usage, bad_input_file, engine_failed (a Jinja
/// template without a renderer).
Result<ModelPromptContent> read_model_prompt(const PromptOptions& options,
                                             const std::string& model_path);

struct ModelPrompt {
  Prompt prompt;
  PromptModelFacts model;
};

/// `settings` are those of an engine that has loaded the model.
ModelPrompt build_model_prompt(ModelPromptContent read, const EngineSettings& settings);

}  // namespace crossval
