#include "launch/prompted_pair.h"

#include <utility>

#include "launch/prompted_engine.h"

namespace crossval {

Result<PromptedPairChoice> choose_prompted_pair(const PairChoice& choice,
                                                const PromptRequest& prompt,
                                                const OpenedFiles& files,
                                                const TemplateRenderer& renderer) {
  auto pair = choose_pair(choice, files);
  if (!pair) return tl::unexpected(pair.error());
  auto read = read_pair_prompt(prompt, prompt_side(pair->engines.candidate, pair->defaults, files),
                               prompt_side(pair->engines.reference, pair->defaults, files), files,
                               renderer);
  if (!read) return tl::unexpected(read.error());
  return PromptedPairChoice{*std::move(pair), *std::move(read)};
}

Result<PromptedPair> open_prompted_pair(PromptedPairChoice choice, const Launch& launch) {
  auto made = make_chosen_pair(choice.pair, launch);
  if (!made) return tl::unexpected(made.error());
  PairPrompt built = build_pair_prompt(std::move(choice.prompt), made->candidate->info().settings,
                                       made->reference->info().settings);
  return PromptedPair{*std::move(made), std::move(built), std::move(choice.pair.engines)};
}

}  // namespace crossval
