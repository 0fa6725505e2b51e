#include "http/openai_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "http/answer.h"
#include "http/text_server.h"
#include "logprobs/json_members.h"
#include "logprobs/listed_row.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

// How the rows of a prompt are had, the best first.
enum class PromptRows : uint8_t {
  prompt_logprobs,  // vLLM: by id, all positions of the prompt at once
  echo,             // all positions at once, as rows of the text that comes back
  prefixes,         // one request each
};

class OpenAiServer : public TextServer {
 public:
  using TextServer::TextServer;

  Result<void> open() {
    if (auto ok = take_openai_model(); !ok) return ok;
    const auto probe = vocabulary()->tokenize("The cat sat on a mat", {});
    if (!probe) return tl::unexpected(probe.error());
    if (auto ok = find_question(*probe); !ok) return ok;
    if (auto ok = find_token_ids(*probe); !ok) return ok;
    if (auto ok = find_prompt_rows(*probe); !ok) return ok;
    info_.warnings.clear();  // of rows that nobody compares
    constexpr const char* kWays[] = {"prompt_logprobs", "echo", "each prefix"};
    info_.identity.api =
        fmt::format("OpenAI completions: {} in, {} out, {}{}, {} log-probabilities",
                    takes_ids_ ? "ids" : "texts", gives_ids_ ? "ids" : "texts",
                    kWays[static_cast<size_t>(way_)],
                    way_ == PromptRows::echo && echo_shift_ != 1
                        ? fmt::format(" (its row {} is that of position 0)", echo_shift_)
                        : "",
                    top_);
    return {};
  }

 private:
  // The prompt as ids, else as a text; as many log-probabilities as there are.
  Result<void> find_question(const std::vector<TokenId>& probe) {
    std::vector<int32_t> tops = {100, 20, 5, 1};
    if (parts().top) {
      tops = {*parts().top == kAllProbabilities ? texts().n_vocab() : *parts().top};
    }
    std::optional<Error> refused;
    bool answered = false;
    for (const bool ids : {true, false}) {
      for (const int32_t top : tops) {
        takes_ids_ = ids;
        top_ = top;
        const auto row = ask_last_row(probe);
        if (row && std::ssize(row->tokens) > 0) return {};
        if (!row && !refused_) return tl::unexpected(row.error());
        if (!row) refused = row.error();
        answered |= row.has_value();
      }
    }
    if (answered) {
      return fail(ExitCode::engine_failed, "the server's completions have no log-probabilities",
                  where(kAsked));
    }
    if (refused->hint.empty())
      refused->hint =
          "crossval needs completions with logprobs. Of a server that has chat alone it compares "
          "what that writes: add ,dialect=chat and give --messages FILE.json (docs/servers.md).";
    return tl::unexpected(*refused);
  }

  // vLLM names tokens by their ids when it is asked to; others refuse the field or take no notice.
  Result<void> find_token_ids(const std::vector<TokenId>& probe) {
    Json question = question_of(probe);
    question["return_tokens_as_token_ids"] = true;
    const auto choice = ask(question);
    if (!choice) return refused_ ? Result<void>{} : tl::unexpected(choice.error());
    const std::string token = text_of(element(member(member(*choice, "logprobs"), "tokens"), 0));
    gives_ids_ = token.starts_with("token_id:");
    // Lists of objects may have ids unasked.
    gives_ids_ |= member(element(listed_rows(*choice), 0), "id").is_number_integer();
    return {};
  }

  Result<void> find_prompt_rows(const std::vector<TokenId>& probe) {
    way_ = PromptRows::prompt_logprobs;
    auto choice = ask_whole(probe);
    if (!choice && !refused_) return tl::unexpected(choice.error());
    if (choice && member(*choice, "prompt_logprobs").size() == probe.size()) return {};
    way_ = PromptRows::echo;
    choice = ask_whole(probe);
    if (!choice && !refused_) return tl::unexpected(choice.error());
    if (choice) {
      const auto shift = find_shift(probe, listed_rows(*choice));
      if (!shift) return tl::unexpected(shift.error());
      if (*shift) return {};
    }
    way_ = PromptRows::prefixes;
    return {};
  }

  // Which row of an echo is that of position 1, by asking for it alone. An echo that was ignored
  // has one row, and it is that of the last position.
  Result<bool> find_shift(const std::vector<TokenId>& probe, const Json& echoed) {
    constexpr double kSame =
        0.5;  // nats: batches round differently, other positions differ by more
    if (echoed.size() < probe.size() || probe.size() < 3) return false;
    const auto alone = ask_last_row({probe.data(), 2});
    if (!alone) return refused_ ? Result<bool>{false} : tl::unexpected(alone.error());
    double best = kSame;
    for (size_t at = 0; at < echoed.size(); ++at) {
      if (listed_at(echoed, at).is_null()) continue;
      const auto row = read_row(listed_at(echoed, at), 1);
      if (!row) return tl::unexpected(row.error());
      const double apart = distance(*alone, *row);
      if (apart >= best) continue;
      best = apart;
      echo_shift_ = static_cast<int32_t>(at) - 1;
      echo_extra_ = static_cast<int32_t>(echoed.size() - probe.size());
    }
    return best < kSame;
  }

  Result<Outcome> ask_rows(std::span<const TokenId> ids, int32_t first,
                           const TopRowSink& sink) override {
    Json whole;
    if (way_ != PromptRows::prefixes && std::ssize(ids) - first > 1) {
      auto choice = ask_whole(ids);
      if (!choice) return tl::unexpected(choice.error());
      whole = *std::move(choice);
      if (auto ok = has_all(whole, ids.size()); !ok) return tl::unexpected(ok.error());
    }
    for (int32_t position = first; position < std::ssize(ids); ++position) {
      const Json& listed = listed_of(whole, position, static_cast<int32_t>(ids.size()));
      const auto row = listed.is_null() ? ask_last_row(ids.first(static_cast<size_t>(position) + 1))
                                        : read_row(listed, position);
      if (!row) return tl::unexpected(row.error());
      if (!sink(position, *row)) return Outcome::stopped;
    }
    return Outcome::complete;
  }

  // The row of a position in the answer to a whole prompt; null: it has none.
  const Json& listed_of(const Json& whole, int32_t position, int32_t n) const {
    static const Json none;
    if (whole.is_null()) return none;
    if (way_ == PromptRows::echo)
      return listed_at(listed_rows(whole),
                       static_cast<size_t>(std::max(0, position + echo_shift_)));
    return position + 1 < n
               ? element(member(whole, "prompt_logprobs"), static_cast<size_t>(position) + 1)
               : listed_at(listed_rows(whole), 0);
  }

  // A server that cuts a prompt, or makes other tokens of it, has another number of rows.
  Result<void> has_all(const Json& whole, size_t n) const {
    const size_t rows = way_ == PromptRows::echo
                            ? listed_rows(whole).size() - static_cast<size_t>(echo_extra_)
                            : member(whole, "prompt_logprobs").size();
    return rows == n ? Result<void>{}
                     : tl::unexpected(other_count(static_cast<int64_t>(rows), n, kAsked));
  }

  Json question_of(std::span<const TokenId> ids) const {
    // Temperature 1 changes no log-probability, whether they are those before or after sampling.
    return {{"model", openai_model()},
            {"prompt", ids},
            {"max_tokens", 1},
            {"temperature", 1},
            {"logprobs", top_}};
  }

  // The one choice of an answer.
  Result<Json> ask(Json question) {
    refused_ = true;
    const Json ids = question["prompt"];
    if (!takes_ids_) {
      const auto text = prompt_text(ids.get<std::vector<TokenId>>());
      if (!text) return tl::unexpected(text.error());
      question["prompt"] = *text;
    }
    const auto said = client().post(kPath, question.dump());
    refused_ = said && said->status >= 400 && said->status != 401 && said->status != 403;
    if (!said) return tl::unexpected(said.error());
    const auto answer = json_of(client(), kAsked, *said);
    if (!answer) return tl::unexpected(answer.error());
    const Json& count = member(member(*answer, "usage"), "prompt_tokens");
    if (count.is_number_integer() && count != ids.size()) {
      refused_ = true;  // it took the list of ids for something else
      return tl::unexpected(other_count(number_of(count), ids.size(), kAsked));
    }
    const Json& choice = element(member(*answer, "choices"), 0);
    if (!choice.is_object()) {
      return fail(ExitCode::engine_failed, "its answer has no choices", where(kAsked));
    }
    return choice;
  }

  Result<Json> ask_whole(std::span<const TokenId> ids) {
    Json question = question_of(ids);
    if (way_ == PromptRows::echo) question["echo"] = true;
    if (way_ == PromptRows::prompt_logprobs) question["prompt_logprobs"] = top_;
    if (gives_ids_) question["return_tokens_as_token_ids"] = true;
    return ask(std::move(question));
  }

  Result<TopRow> ask_last_row(std::span<const TokenId> ids) {
    Json question = question_of(ids);
    if (gives_ids_) question["return_tokens_as_token_ids"] = true;
    const auto choice = ask(std::move(question));
    if (!choice) return tl::unexpected(choice.error());
    const Json& listed = listed_at(listed_rows(*choice), 0);
    // A server that ends at once may say nothing of the token that it ended with.
    if (listed.is_null()) return TopRow{};
    return read_row(listed, static_cast<int32_t>(ids.size()) - 1);
  }

  static constexpr const char* kPath = "/v1/completions";
  static constexpr const char* kAsked = "POST /v1/completions";

  bool takes_ids_ = false;  // as prompts
  bool gives_ids_ = false;  // as tokens
  bool refused_ = false;    // the latest question: the server may take another one
  PromptRows way_ = PromptRows::prefixes;
  int32_t echo_shift_ = 0;  // the row of position 0 in an echo, from 0
  int32_t echo_extra_ = 0;  // rows of an echo beside those of the prompt
};

}  // namespace

Result<std::unique_ptr<Engine>> open_openai_server(ServerParts parts) {
  return open_text_server<OpenAiServer>(std::move(parts));
}

}  // namespace crossval
