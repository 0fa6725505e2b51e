// The prompt's ids on both sides, and the token gate between them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "gate/token_mismatch.h"
#include "gate/token_side.h"
#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "results/tokenisation.h"
#include "session/engine_pair.h"
#include "session/prompt_pair.h"

namespace crossval {

/// The sides view the prompts they were made of, which must outlive them.
struct PromptTokens {
  TokenSide candidate, reference;  // the same ids and pieces unless there is a mismatch
  std::optional<TokenMismatch> mismatch;
  std::optional<Side> without;  // cannot tokenise: it got the other side's ids
};

/// tokens-not-compared: what there is to say of a side that got the other's ids.
std::optional<Warning> warn_about_ids(const EnginePair& engines, const PromptTokens& tokens);

/// The ids that `engine` makes of the prompt, or those that the user gave. Errors: the engine's;
/// usage (no token).
Result<std::vector<TokenId>> prompt_ids(const Prompt& prompt, Engine& engine);

/// Tokenises with each engine's own tokenizer, or takes the user's ids for both; an engine that
/// cannot tokenise gets the ids of the one that can. `facts` is what
/// the token gate names causes with. Ids that are the same, and so may be evaluated, are in both
/// vocabularies; ids that differ need not be. Errors: an engine's, with its side; usage (no token,
/// a given id outside a vocabulary); engine_failed (both engines made an id outside a vocabulary).
Result<PromptTokens> tokenise_both(const PromptPair& prompts, const PairFacts& facts,
                                   const EnginePair& engines);

/// Of engines that have to see the same. Errors: as tokenise_both; tokens_differ.
Result<PromptTokens> same_tokens(const PromptPair& prompts, const PairFacts& facts,
                                 const EnginePair& engines);

/// What `engine` makes of the prompt. Errors: the engine's; usage (no token, a given id outside the
/// vocabulary).
Result<Tokenisation> tokenise(const Prompt& prompt, Engine& engine);

/// The text of each side by its tokenizer. Errors: as tokenise_both; usage (the prompt is ids, an
/// engine cannot tokenise).
Result<TokenComparison> compare_tokens(const PromptPair& prompts, const PairFacts& facts,
                                       const EnginePair& engines);

/// Fails with `code` when an id is outside the engine's vocabulary.
Result<void> check_ids(const Engine& engine, std::span<const TokenId> ids, ExitCode code);

/// What the ids stand for, by the reference if it can tell, else by the candidate; empty strings
/// when neither can. Errors: an engine's, with its side.
Result<std::vector<std::string>> pieces_of(const EnginePair& engines, std::span<const TokenId> ids);

}  // namespace crossval
