#include "http/text_server.h"

#include <fmt/format.h>

#include "http/answer.h"
#include "http/served_model.h"
#include "logprobs/json_members.h"
#include "logprobs/listed_row.h"

namespace crossval {

TextServer::TextServer(ServerParts parts, TokenTexts texts)
    : ServerEngine(std::move(parts)), texts_(std::move(texts)) {
  info_.settings.n_vocab = texts_.n_vocab();
}

Result<std::string> TextServer::prompt_text(std::span<const TokenId> ids) const {
  auto text = texts_.prompt_text(ids);
  if (text) return text;
  return fail(ExitCode::usage,
              fmt::format("the server takes texts alone, and that of the first {} tokens {}",
                          ids.size(), text.error().what),
              where("evaluate"), "Compare another prompt, or a server that takes token ids.");
}

Result<TopRow> TextServer::read_row(const nlohmann::json& listed, int32_t position) {
  const ListedTokens known = {texts_.n_vocab(),
                              [&](std::string_view text) { return texts_.id_of(text); }};
  auto read = read_listed_row(listed, known, static_cast<size_t>(top_));
  if (!read) return bad_row(read.error(), position);
  if (read->ended) {
    warn("rows-end-early",
         fmt::format("the server names tokens by texts, and not every text says which token it is: "
                     "rows end before the first such one, that of position {} after {}",
                     position, read->row.tokens.size()));
  }
  return std::move(read->row);
}

TokenId TextServer::written_token(const nlohmann::json& entry) const {
  const ListedTokens known = {texts_.n_vocab(),
                              [&](std::string_view text) { return texts_.id_of(text); }};
  const auto read = read_listed_row(nlohmann::json::array({entry}), known, 1);
  return read && !read->row.tokens.empty() ? read->row.tokens.front().id : -1;
}

Result<void> TextServer::take_openai_model() {
  auto model = served_model(client(), "/v1/models", "data", "id", parts().served_model);
  if (!model) return tl::unexpected(model.error());
  openai_model_ = text_of(member(*model, "id"));
  const std::string owner = text_of(member(*model, "owned_by"));
  const bool known = owner == "vllm" || owner == "sglang";
  info_.identity.name = known ? owner : "server";
  client().rename(info_.identity.name);
  if (known) {
    if (const auto version = get_json(client(), "/version"))
      info_.identity.version = client().told(text_of(member(*version, "version")));
  }
  info_.settings.model_description = client().told(openai_model_) + ", at the server";
  const int32_t longest = number_of(member(*model, "max_model_len"));
  info_.settings.n_ctx = longest > 1 ? longest - 1 : parts().n_ctx;
  return {};
}

Error TextServer::other_count(int64_t made, size_t n, const std::string& asked) const {
  return {ExitCode::engine_failed,
          fmt::format("the server made {} tokens of a prompt of {}", made, n), where(asked),
          "Is the file given with -m the model that it runs?"};
}

}  // namespace crossval
