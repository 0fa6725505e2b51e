#include "launch/prompted_engine.h"

#include <utility>

#include "engine/hugging_face.h"
#include "launch/engine_factory.h"
#include "launch/paths.h"

namespace crossval {

Result<PromptedChoice> choose_prompted_engine(const EngineChoice& choice,
                                              const PromptRequest& prompt, const OpenedFiles& files,
                                              const TemplateRenderer& renderer) {
  auto engine = single_engine(choice);
  if (!engine) return tl::unexpected(engine.error());
  auto read =
      read_model_prompt(prompt, prompt_side(*engine, choice.defaults, files), files, renderer);
  if (!read) return tl::unexpected(read.error());
  return PromptedChoice{*std::move(engine), choice.defaults, *std::move(read)};
}

Result<PromptedEngine> open_prompted_engine(PromptedChoice choice, const Launch& launch) {
  auto engine = make_engine(choice.engine, choice.defaults, launch);
  if (!engine) return tl::unexpected(engine.error());
  ModelPrompt built = build_model_prompt(std::move(choice.prompt), (*engine)->info().settings);
  return PromptedEngine{*std::move(engine), std::move(built.prompt), std::move(choice.engine)};
}

PromptSide prompt_side(const EngineSpec& engine, const EngineDefaults& defaults,
                       const OpenedFiles& files) {
  std::string model = model_path(engine, defaults);
  if (engine.name == kHuggingFace && !defaults.model.empty() && !files.open(model)) {
    model = model_path({}, defaults);
  }
  return {engine, std::move(model), tokenizer_path(engine)};
}

}  // namespace crossval
