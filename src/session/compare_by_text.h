// `per-token --align text`: engines whose vocabularies differ, by the probability of the text.
#pragma once

#include <stop_token>

#include "base/error.h"
#include "prompt/model_facts.h"
#include "results/text_alignment.h"
#include "session/engine_pair.h"
#include "session/prompt_pair.h"

namespace crossval {

/// Tokenises the text with each engine's own tokenizer, evaluates it on both at the same time and
/// holds the probability of each piece of text that ends a token on both sides against the other.
/// One number a token is kept. Errors: those of
/// compare_tokens; usage (the sides have different texts, an engine that gives hashes, no place at
/// which both end a token); engine_failed (unhealthy logits); interrupted.
Result<TextAlignment> compare_by_text(const PromptPair& prompts, const PairFacts& facts,
                                      const EnginePair& engines, double logprob_tol,
                                      const std::stop_token& stop);

}  // namespace crossval
