#include "http/chat_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "http/answer.h"
#include "logprobs/json_members.h"
#include "logprobs/listed_row.h"

namespace crossval {
namespace {

constexpr const char* kChatPath = "/v1/chat/completions";
constexpr const char* kAskedChat = "POST /v1/chat/completions";

}  // namespace

Result<void> ChatServer::open() {
  if (auto ok = take_openai_model(); !ok) return ok;
  const nlohmann::json probe = {{{"role", "user"}, {"content", "The cat sat on a mat"}}};
  std::vector<int32_t> tops = {20, 5, 1};
  if (parts().top) tops = {*parts().top == kAllProbabilities ? texts().n_vocab() : *parts().top};
  std::optional<Error> refused;
  for (const int32_t top : tops) {
    top_ = top;
    const auto answer = ask(probe, 1);
    if (answer) {
      info_.warnings.clear();  // of a row that nobody compares
      info_.identity.api = fmt::format(
          "OpenAI chat: {} log-probabilities of each token that it writes itself", top_);
      return {};
    }
    refused = answer.error();
    if (!refused_) break;
  }
  return tl::unexpected(*refused);
}

Result<nlohmann::json> ChatServer::choice_of(const nlohmann::json& messages, int32_t count) {
  const nlohmann::json question = {{"model", openai_model()}, {"messages", messages},
                                   {"max_tokens", count},     {"temperature", 0},
                                   {"logprobs", true},        {"top_logprobs", top_}};
  refused_ = false;
  const auto said = client().post(kChatPath, question.dump());
  if (!said) return tl::unexpected(said.error());
  refused_ = said->status >= 400 && said->status != 401 && said->status != 403;
  const auto answer = json_of(client(), kAskedChat, *said);
  if (!answer) return tl::unexpected(answer.error());
  prompt_tokens_ = std::max(0, number_of(member(member(*answer, "usage"), "prompt_tokens")));
  return element(member(*answer, "choices"), 0);
}

Result<ChatAnswer> ChatServer::ask(const nlohmann::json& messages, int32_t count) {
  const auto choice = choice_of(messages, count);
  if (!choice) return tl::unexpected(choice.error());
  const nlohmann::json& written = listed_rows(*choice);
  ChatAnswer answer{.rows = {}, .ids = {}, .prompt_tokens = prompt_tokens_};
  for (size_t i = 0; i < std::min(written.size(), static_cast<size_t>(count)); ++i) {
    const nlohmann::json& listed = listed_at(written, i);
    if (listed.is_null()) break;
    auto row = read_row(listed, static_cast<int32_t>(i));
    if (!row) return tl::unexpected(row.error());
    if (row->tokens.empty()) break;
    answer.rows.push_back(*std::move(row));
    const TokenId id = written_token(element(written, i));
    if (id < 0) break;
    answer.ids.push_back(id);
  }
  if (!answer.rows.empty()) return answer;
  return fail(ExitCode::engine_failed, "the server's chat has no log-probabilities",
              where(kAskedChat));
}

Result<Outcome> ChatServer::ask_rows(std::span<const TokenId>, int32_t, const TopRowSink&) {
  return fail(ExitCode::usage, "a chat cannot be asked about given tokens", where("evaluate"),
              "Compare what it writes: crossval per-token --messages FILE.json --candidate "
              "http://HOST:PORT,dialect=chat.");
}

Result<std::unique_ptr<Engine>> open_chat_server(ServerParts parts) {
  return open_text_server<ChatServer>(std::move(parts));
}

}  // namespace crossval
