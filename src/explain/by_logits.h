// An engine that hands out logits and nothing else: which mistake, made in the whole of an
// arithmetic that we know, gives its logits.
//
// Prompts of one token come first. Attention is the identity there, so that the differences of a
// few bits that healthy engines have do not grow from position to position; what such a prompt
// cannot show (queries, keys, RoPE, masks) is asked of prompts of two tokens and of the whole one.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>

#include "base/error.h"
#include "engine/engine.h"
#include "explain/account.h"
#include "explain/proof.h"
#include "results/explanation.h"

namespace crossval {

struct ByLogitsPlan {
  const CanonicalArithmetic& canonical;
  std::span<const TokenId> ids;  // of the prompt
  int threads = 1;               // of the oracle
};

/// Errors: the engine's; those of the arithmetic; interrupted.
Result<JudgedByLogits> judge_by_logits(const Truth& truth, const ByLogitsPlan& plan, Engine& engine,
                                       const std::stop_token& stop);

}  // namespace crossval
