#include "launch/chat_pair.h"

#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "http/chat_server.h"
#include "prompt/source.h"
#include "recording/prompt_chunks.h"
#include "rowfiles/engine.h"

namespace crossval {
namespace {

Result<nlohmann::json> messages_of(const PromptRequest& asked, const Prompt& prompt) {
  const auto source = read_prompt_source(asked);
  if (!source) return tl::unexpected(source.error());
  if (std::holds_alternative<std::vector<TokenId>>(*source) || prompt.form.choice == "raw") {
    return fail(ExitCode::usage, "a chat takes a conversation, and puts its template around it", {},
                "Give --messages FILE.json, or --chat with -p.");
  }
  const auto* conversation = std::get_if<Conversation>(&*source);
  const Conversation turns = conversation != nullptr
                                 ? *conversation
                                 : single_turn(std::get<std::string>(*source), asked.system);
  if (!turns.wants_answer() || turns.tools_json != "null" || turns.kwargs_json != "{}") {
    return fail(ExitCode::usage,
                "a chat is asked with messages alone, the last of which is not the assistant's", {},
                "Leave out tools, template variables and the assistant's last turn.");
  }
  return nlohmann::json::parse(turns.messages_json);
}

Result<std::vector<TokenId>> ids_of(const Prompt& prompt, Engine& engine) {
  return tokenize_prompt(prompt, [&](std::string_view text, const TokenizeOptions& options) {
    return engine.tokenize(text, options);
  });
}

// What a chat wrote, as the rows of a file.
std::unique_ptr<RowFile> rows_of_answer(const EngineInfo& server, ChatAnswer answer,
                                        const PromptChunks& chunks) {
  RowFileFacts facts{.format = server.identity.name,
                     .n_vocab = server.settings.n_vocab,
                     .rows = chunks.rows,
                     .content = RowContent::top,
                     .ids = chunks.row_ids(),
                     .chunks = chunks};
  facts.limits.push_back(
      fmt::format("a chat: its rows are those of the tokens that it wrote, of positions {} to {}, "
                  "and nothing is known of those before",
                  chunks.first_row, chunks.length - 1));
  if (answer.prompt_tokens == 0) {
    facts.limits.emplace_back(
        "it does not say how many tokens its template made of the conversation");
  }
  for (const EngineWarning& warning : server.warnings) facts.limits.push_back(warning.message);
  return rows_in_memory(std::move(facts), std::move(answer.rows));
}

}  // namespace

Result<bool> answer_chat(const PromptRequest& asked, int32_t count, MadePair& pair,
                         PairPrompt& prompt) {
  auto* candidate = dynamic_cast<ChatServer*>(pair.candidate.get());
  auto* reference = dynamic_cast<ChatServer*>(pair.reference.get());
  if (candidate == nullptr && reference == nullptr) return false;
  if ((candidate != nullptr && reference != nullptr) || count < 1) {
    return fail(ExitCode::usage, "a chat is compared by per-token, beside an engine that is none",
                "dialect=chat");
  }
  ChatServer& chat = candidate != nullptr ? *candidate : *reference;
  std::unique_ptr<Engine>& chat_side = candidate != nullptr ? pair.candidate : pair.reference;
  std::unique_ptr<Engine>& other = candidate != nullptr ? pair.reference : pair.candidate;
  const auto messages = messages_of(asked, prompt.prompt);
  if (!messages) return tl::unexpected(messages.error());
  auto ids = ids_of(prompt.prompt, *other);
  if (!ids) return tl::unexpected(ids.error());
  auto answer = chat.ask(*messages, count);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->prompt_tokens > 0 && answer->prompt_tokens != std::ssize(*ids)) {
    return fail(
        ExitCode::tokens_differ,
        fmt::format("the server's template makes {} tokens of the conversation and the "
                    "model file's {}",
                    answer->prompt_tokens, ids->size()),
        "engine " + chat.info().identity.name,
        "Its template, its tokenizer or its model is another one: --prompt-template gives the "
        "other engine the server's.");
  }
  const auto before = static_cast<int32_t>(ids->size());
  const auto rows = static_cast<int32_t>(answer->rows.size());
  ids->insert(ids->end(), answer->ids.begin(), answer->ids.begin() + (rows - 1));
  const PromptChunks chunks{.length = before + rows - 1,
                            .first_row = before - 1,
                            .rows = rows,
                            .bos_in_place = false,
                            .ids = *std::move(ids)};
  auto told = make_row_file_engine(rows_of_answer(chat.info(), *std::move(answer), chunks),
                                   chat.info().settings.model_description);
  chat_side = std::move(told);
  other = by_chunks(std::move(other), chunks);
  prompt.candidate.reset();
  prompt.prompt.text.clear();
  prompt.prompt.ids = chunks.row_ids();
  return true;
}

}  // namespace crossval
