// A server with OpenAI's chat: it goes on with a conversation, behind a template of its own, and
// tells of each token that it writes itself which others were likely. Nothing else can be asked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "http/text_server.h"

namespace crossval {

struct ChatAnswer {
  std::vector<TopRow> rows;   // that it chose its tokens from, the first behind the conversation
  std::vector<TokenId> ids;   // what it chose; of the last row perhaps no more
  int32_t prompt_tokens = 0;  // that its template made of the conversation; 0: it does not say
};

class ChatServer : public TextServer {
 public:
  using TextServer::TextServer;

  /// Finds out how many log-probabilities it gives. Errors: the client's; engine_failed (no chat,
  /// none with log-probabilities); usage (as served_model).
  Result<void> open();

  /// What it writes, `count` tokens at most, always the most likely one. Ends before a token whose
  /// text does not say which it is. Errors: the client's; engine_failed (no row at all, a row that
  /// is none).
  Result<ChatAnswer> ask(const nlohmann::json& messages, int32_t count);

 private:
  Result<nlohmann::json> choice_of(const nlohmann::json& messages, int32_t count);
  Result<Outcome> ask_rows(std::span<const TokenId> ids, int32_t first,
                           const TopRowSink& sink) override;

  bool refused_ = false;  // the latest question: the server may take another one
  int32_t prompt_tokens_ = 0;
};

/// Errors: usage (no vocabulary in `parts`); those of ChatServer::open.
Result<std::unique_ptr<Engine>> open_chat_server(ServerParts parts);

}  // namespace crossval
