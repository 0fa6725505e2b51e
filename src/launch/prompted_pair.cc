#include "launch/prompted_pair.h"

#include <utility>

#include "launch/context_size.h"
#include "launch/paths.h"
#include "launch/prompted_engine.h"
#include "names/renamed_engine.h"
#include "recording/replay_engine.h"

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
  auto read = read_pair_prompt(prompt, prompt_side(engines->candidate, defaults, files),
                               prompt_side(engines->reference, defaults, files), files, renderer);
  if (!read) return tl::unexpected(read.error());
  return PromptedPairChoice{*std::move(engines), std::move(defaults), *std::move(read)};
}

Result<PromptedPair> open_prompted_pair(PromptedPairChoice choice, const Launch& launch) {
  auto made = make_pair(choice.engines, choice.defaults, launch);
  if (!made) return tl::unexpected(made.error());
  // What a recorded engine was asked to do differently it does differently here too.
  for (const Engine* engine : {made->candidate.get(), made->reference.get()}) {
    const auto* recorded = dynamic_cast<const ReplayEngine*>(&unrenamed(*engine));
    if (recorded == nullptr) continue;
    std::vector<std::string>& asked = choice.engines.asked_differences;
    const auto& own = recorded->facts().asked_differences;
    asked.insert(asked.end(), own.begin(), own.end());
  }
  PairPrompt built = build_pair_prompt(std::move(choice.prompt), made->candidate->info().settings,
                                       made->reference->info().settings);
  return PromptedPair{*std::move(made), std::move(built), std::move(choice.engines)};
}

}  // namespace crossval
