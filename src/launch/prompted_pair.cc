#include "launch/prompted_pair.h"

#include <utility>

#include "launch/context_size.h"
#include "launch/paths.h"
#include "launch/prompted_engine.h"

namespace crossval {

Result<PromptedPairChoice> choose_prompted_pair(const PairChoice& choice,
                                                const PromptRequest& prompt,
                                                const OpenedFiles& files,
                                                const TemplateRenderer& renderer) {
  auto engines = engine_pair(choice);
  if (!engines) return tl::unexpected(engines.error());
  EngineDefaults defaults = choice.defaults;
  const auto context = context_size(
      defaults.context,
      {model_path(engines->candidate, defaults), model_path(engines->reference, defaults)}, files);
  if (!context) return tl::unexpected(context.error());
  defaults.context = *context;
  auto read = read_pair_prompt(prompt, prompt_side(engines->candidate, defaults),
                               prompt_side(engines->reference, defaults), files, renderer);
  if (!read) return tl::unexpected(read.error());
  return PromptedPairChoice{*std::move(engines), std::move(defaults), *std::move(read)};
}

Result<PromptedPair> open_prompted_pair(PromptedPairChoice choice, const Launch& launch) {
  auto made = make_pair(choice.engines, choice.defaults, launch);
  if (!made) return tl::unexpected(made.error());
  PairPrompt built = build_pair_prompt(std::move(choice.prompt), made->candidate->info().settings,
                                       made->reference->info().settings);
  return PromptedPair{*std::move(made), std::move(built), std::move(choice.engines)};
}

}  // namespace crossval
