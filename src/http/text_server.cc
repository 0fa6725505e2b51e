#include "http/text_server.h"

#include <fmt/format.h>

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

Error TextServer::other_count(int64_t made, size_t n, const std::string& asked) const {
  return {ExitCode::engine_failed,
          fmt::format("the server made {} tokens of a prompt of {}", made, n), where(asked),
          "Is the file given with -m the model that it runs?"};
}

}  // namespace crossval
