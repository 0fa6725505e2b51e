#include "launch/prompted_pair.h"

#include <fmt/ranges.h>

#include <utility>

#include "launch/chat_pair.h"
#include "launch/prompted_engine.h"

namespace crossval {
namespace {

// The prompts that a file has rows of stand in place of one that is asked for.
Result<PromptRequest> prompt_of_chunks(const PromptRequest& asked,
                                       const std::optional<PromptChunks>& chunks) {
  if (!chunks) return asked;
  if (asked.text || asked.file || asked.messages || asked.messages_file || asked.token_ids) {
    return fail(ExitCode::usage, "the file of rows has prompts of its own", {},
                "Leave out -p, -f, --messages and --tokens.");
  }
  PromptRequest own = asked;
  own.token_ids = fmt::format("{}", fmt::join(chunks->row_ids(), ","));
  return own;
}

}  // namespace

Result<PromptedPairChoice> choose_prompted_pair(const PairChoice& choice,
                                                const PromptRequest& prompt,
                                                const OpenedFiles& files,
                                                const TemplateRenderer& renderer) {
  auto pair = choose_pair(choice, files);
  if (!pair) return tl::unexpected(pair.error());
  auto asked = prompt_of_chunks(prompt, pair->chunks);
  if (!asked) return tl::unexpected(asked.error());
  auto read = read_pair_prompt(*asked, prompt_side(pair->engines.candidate, pair->defaults, files),
                               prompt_side(pair->engines.reference, pair->defaults, files), files,
                               renderer);
  if (!read) return tl::unexpected(read.error());
  return PromptedPairChoice{*std::move(pair), *std::move(read)};
}

Result<PromptedPair> open_prompted_pair(PromptedPairChoice choice, const Launch& launch) {
  auto made = make_chosen_pair(choice.pair, launch);
  if (!made) return tl::unexpected(made.error());
  const PromptRequest asked_prompt = choice.prompt.reference.request;
  PairPrompt built = build_pair_prompt(std::move(choice.prompt), made->candidate->info().settings,
                                       made->reference->info().settings);
  const auto asked = answer_chat(asked_prompt, choice.pair.defaults.written_tokens, *made, built);
  if (!asked) return tl::unexpected(asked.error());
  return PromptedPair{*std::move(made),
                      std::move(built),
                      std::move(choice.pair.engines),
                      choice.pair.chunks.has_value(),
                      *asked,
                      choice.pair.resolution};
}

}  // namespace crossval
