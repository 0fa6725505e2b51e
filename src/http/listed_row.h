// The log-probabilities of one position as servers of OpenAI's kind list them.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "http/token_texts.h"
#include "protocol/row.h"

namespace crossval {

/// A row in any of the shapes that there are, at most `most` tokens of it:
///   {"text": −1.5, …}                                             top_logprobs of completions
///   {"token_id:5": −1.5, …}                                       the same with vLLM's
///   return_tokens_as_token_ids
///   {"5": {"logprob": −1.5, "decoded_token": "text"}, …}          vLLM's prompt_logprobs
///   [{"token": "text", "logprob": −1.5, "bytes": […], "id": 5}, …]  top_logprobs of chat, Ollama,
///   llama-server
/// where bytes and id may be missing.
struct ListedRow {
  TopRow row;
  /// A token whose text does not say which one it is has ended the row, so that it stays the row of
  /// the most likely ones.
  bool ended = false;
};

/// Errors (engine_failed), as words behind "its row ": a shape that is none of these; those of
/// top_row.
Result<ListedRow> read_listed_row(const nlohmann::json& listed, const TokenTexts& texts,
                                  size_t most);

/// How far two rows of one position by one server are apart: the mean difference of what both list,
/// in nats; what one alone lists counts as 10.
double distance(const TopRow& a, const TopRow& b);

}  // namespace crossval
