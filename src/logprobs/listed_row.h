// The log-probabilities of one position as servers of OpenAI's kind list them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "protocol/row.h"

namespace crossval {

/// The row of log-probabilities that a server listed: sorted, its `most` likely ones. Entries that
/// only say that the server has no number (−3.4e38, −9999, −inf) are left out.
///
/// Errors (engine_failed), as words for the end of "its row …": a token twice or outside the
/// vocabulary, a log-probability that is none, probabilities of more than 1 together.
Result<TopRow> top_row(std::vector<TopToken> tokens, size_t most, int32_t n_vocab);

/// What a list is read with.
struct ListedTokens {
  int32_t n_vocab = 0;
  /// The token of this text; −1: there is none, or more than one.
  std::function<int32_t(std::string_view text)> id_of;
};

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
Result<ListedRow> read_listed_row(const nlohmann::json& listed, const ListedTokens& known,
                                  size_t most);

/// The rows of what was written, out of an element of an answer's `choices`, in either form: a list
/// of objects with top_logprobs (logprobs.content), or logprobs.top_logprobs. Else null.
const nlohmann::json& listed_rows(const nlohmann::json& choice);
/// Row `at` of these, as read_listed_row takes it; null where there is none.
const nlohmann::json& listed_at(const nlohmann::json& rows, size_t at);

/// How far two rows of one position by one server are apart: the mean difference of what both list,
/// in nats; what one alone lists counts as 10.
double distance(const TopRow& a, const TopRow& b);

}  // namespace crossval
