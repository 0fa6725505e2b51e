// The prompt of a model: its templates and special tokens read, then built.
#pragma once

#include "base/error.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "cli/prompt_options.h"
#include "engine/info.h"
#include "engine/spec.h"
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

/// Reads the prompt and renders it for the engine's model and vocabulary. Every prompt that can be
/// refused without an engine is refused here. The renderer of Jinja templates is built when it is
/// not there, its progress shown on the console's err. Errors: usage, bad_input_file, engine_failed
/// (a Jinja template without a renderer), interrupted.
Result<ModelPromptContent> read_model_prompt(const PromptOptions& options, const EngineSpec& engine,
                                             const EngineDefaults& defaults,
                                             const Console& console);

/// The model and the vocabulary of an engine; empty when the request is for ids. Errors:
/// bad_input_file.
Result<PromptModelFacts> read_facts(const PromptRequest& request, const EngineSpec& engine,
                                    const EngineDefaults& defaults);

struct ModelPrompt {
  Prompt prompt;
  PromptModelFacts model;
};

/// `settings` are those of an engine that has loaded the model.
ModelPrompt build_model_prompt(ModelPromptContent read, const EngineSettings& settings);

}  // namespace crossval
