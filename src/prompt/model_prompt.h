// The prompt of a model: its templates and special tokens read, then built.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "engine/info.h"
#include "engine/spec.h"
#include "gguf/opened_files.h"
#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "prompt/request.h"
#include "prompt/template_renderer.h"

namespace crossval {

/// What is known of the prompt before an engine loads the model, which may take minutes.
struct ModelPromptContent {
  PromptRequest request;
  PromptModelFacts model;  // empty when ids were given: nothing is read for them
  PromptContent content;
};

/// Whose model and vocabulary a prompt is read for.
struct PromptSide {
  /// Its keys `template` (in place of the request's) and `prompt` (a file with the rendered text,
  /// in place of everything) count.
  EngineSpec engine;
  std::string model_path;
  std::string tokenizer_path;  // empty: the model file's vocabulary
};

/// Reads the prompt and renders it for the side's model and vocabulary. Every prompt that can be
/// refused without an engine is refused here. Errors: usage, bad_input_file, those of the renderer.
Result<ModelPromptContent> read_model_prompt(const PromptRequest& asked, const PromptSide& side,
                                             const OpenedFiles& files,
                                             const TemplateRenderer& renderer);

struct ModelPrompt {
  Prompt prompt;
  PromptModelFacts model;
};

/// `settings` are those of an engine that has loaded the model.
ModelPrompt build_model_prompt(ModelPromptContent read, const EngineSettings& settings);

/// The same for two engines. Both get the reference's text, unless one of them has a text or a
/// template of its own: then each side's prompt is made for itself.
struct PairPromptContent {
  ModelPromptContent reference;
  std::optional<ModelPromptContent> candidate;
  PromptModelFacts candidate_model;  // without a prompt of its own
  OpenedFiles files{};               // that the models' facts are from
};

/// Errors: those of read_model_prompt; usage (both sides have a prompt and another is given).
Result<PairPromptContent> read_pair_prompt(const PromptRequest& asked, const PromptSide& candidate,
                                           const PromptSide& reference, const OpenedFiles& files,
                                           const TemplateRenderer& renderer);

struct PairPrompt {
  Prompt prompt;                    // of both, or of the reference alone
  std::optional<Prompt> candidate;  // its own
  PairFacts facts;
};

/// The settings are those of engines that have loaded their models.
PairPrompt build_pair_prompt(PairPromptContent read, const EngineSettings& candidate,
                             const EngineSettings& reference);

}  // namespace crossval
