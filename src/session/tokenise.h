// The prompt's ids on both sides, and the token gate between them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "gate/token_mismatch.h"
#include "session/engine_pair.h"
#include "session/per_token.h"

namespace crossval {

struct PromptTokens {
  std::vector<TokenId> ids;  // the reference's, and the candidate's when there is no mismatch
  std::vector<std::string> pieces;
  std::optional<TokenMismatch> mismatch;
};

/// Tokenises with each engine's own tokenizer, or takes the user's ids for both. Errors: an
/// engine's, with its side; usage (no token, a given id outside a vocabulary); engine_failed (an
/// engine's own id outside its vocabulary).
Result<PromptTokens> tokenise_both(const PerTokenPlan& plan, const EnginePair& engines);

/// What the ids stand for, by the reference if it can tell, else by the candidate; empty strings
/// when neither can. Errors: an engine's, with its side.
Result<std::vector<std::string>> pieces_of(const EnginePair& engines, std::span<const TokenId> ids);

}  // namespace crossval
