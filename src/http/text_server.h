// What servers have in common that know tokens by their texts.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "http/server_engine.h"
#include "http/token_texts.h"

namespace crossval {

class TextServer : public ServerEngine {
 public:
  /// `texts` are of the vocabulary in `parts`.
  TextServer(ServerParts parts, TokenTexts texts);

 protected:
  const TokenTexts& texts() const { return texts_; }

  /// Errors (usage): no text becomes these ids.
  Result<std::string> prompt_text(std::span<const TokenId> ids) const;

  /// A row as it is listed, with its errors complete; warns where one is ended early.
  Result<TopRow> read_row(const nlohmann::json& listed, int32_t position);

  /// Where the server made another number of tokens of a prompt of `n` than there are in it.
  Error other_count(int64_t made, size_t n, const std::string& asked) const;

  /// The token that an entry of a list of what was written stands for; −1: not known.
  TokenId written_token(const nlohmann::json& entry) const;

  /// Which of the models of OpenAI's interface is asked, and what that says of the server. Errors:
  /// those of served_model.
  Result<void> take_openai_model();
  const std::string& openai_model() const { return openai_model_; }

  int32_t top_ = 0;  // log-probabilities of a row

 private:
  TokenTexts texts_;
  std::string openai_model_;
};

/// Makes an engine of such a server. Errors: usage (no vocabulary in `parts`); those of its open().
template <class Server>
Result<std::unique_ptr<Engine>> open_text_server(ServerParts parts) {
  if (parts.vocabulary == nullptr) {
    return fail(ExitCode::usage, "the server does not tell its vocabulary", parts.client->where(),
                "Give the model file that it runs with -m.");
  }
  auto texts = TokenTexts::of(*parts.vocabulary);
  if (!texts) return tl::unexpected(texts.error());
  auto engine = std::make_unique<Server>(std::move(parts), *std::move(texts));
  if (auto ok = engine->open(); !ok) return tl::unexpected(ok.error());
  return engine;
}

}  // namespace crossval
