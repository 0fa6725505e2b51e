#include "http/llama_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "http/answer.h"
#include "logprobs/json_members.h"
#include "logprobs/listed_row.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

class LlamaServer : public ServerEngine {
 public:
  explicit LlamaServer(ServerParts parts) : ServerEngine(std::move(parts)) {}

  Result<void> open() {
    const auto props = get_json(client(), "/props");
    if (!props) return tl::unexpected(props.error());
    client().rename("llama-server");
    info_.identity.name = "llama-server";
    info_.identity.version = client().told(text_of(member(*props, "build_info")));
    info_.settings.n_ctx =
        number_of(member(member(*props, "default_generation_settings"), "n_ctx"));
    eos_text_ = text_of(member(*props, "eos_token"));
    if (auto ok = take_model(*props); !ok) return ok;
    if (info_.settings.n_ctx < 2)
      return fail(ExitCode::engine_failed, "the server does not say how many positions fit",
                  where("GET /props"));
    --info_.settings.n_ctx;  // it takes prompts that leave room for a token
    if (auto ok = look_at_tokenizer(); !ok) return ok;
    return look_at_rows();
  }

  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) override {
    if (!is_valid_utf8(text)) {
      return fail(ExitCode::usage, "a text that is no UTF-8, which JSON cannot hold",
                  where("tokenise"), "Give token ids with --tokens.");
    }
    const auto answer = ask("/tokenize", {{"content", text},
                                          {"add_special", options.add_special},
                                          {"parse_special", options.parse_special}});
    if (!answer) return tl::unexpected(answer.error());
    const Json& tokens = member(*answer, "tokens");
    if (!tokens.is_array()) return odd("/tokenize", "no list of tokens");
    std::vector<TokenId> ids;
    ids.reserve(tokens.size());
    for (const Json& token : tokens) ids.push_back(number_of(token));
    return ids;
  }

  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    std::vector<std::string> pieces;
    pieces.reserve(ids.size());
    for (const TokenId id : ids) {
      auto piece = piece_of(id);
      if (!piece) return tl::unexpected(piece.error());
      pieces.push_back(*std::move(piece));
    }
    return pieces;
  }

  Result<bool> is_end_of_generation(TokenId id) override {
    if (vocabulary() != nullptr) return vocabulary()->is_end_of_generation(id);
    return id == eos_;
  }

 private:
  Result<Json> ask(const char* path, Json question) {
    if (!parts().served_model.empty()) question["model"] = parts().served_model;
    return post_json(client(), path, question);
  }

  tl::unexpected<Error> odd(const char* path, const std::string& what) const {
    return fail(ExitCode::engine_failed, "the server's answer has " + what,
                where(std::string("POST ") + path));
  }

  Result<void> take_model(const Json& props) {
    const auto models = get_json(client(), "/v1/models");
    if (!models) return tl::unexpected(models.error());
    const Json* model = nullptr;
    for (const Json& entry : member(*models, "data")) {
      if (parts().served_model.empty() || text_of(member(entry, "id")) == parts().served_model) {
        model = &entry;
        break;
      }
    }
    if (model == nullptr) {
      return fail(ExitCode::usage,
                  "the server has no model called " + client().quoted(parts().served_model),
                  where("GET /v1/models"));
    }
    const Json& meta = member(*model, "meta");
    info_.settings.n_vocab = number_of(member(meta, "n_vocab"));
    info_.settings.n_ctx_train = std::max(0, number_of(member(meta, "n_ctx_train")));
    if (info_.settings.n_vocab < 1) {
      return fail(ExitCode::engine_failed, "the server does not say how many tokens its model has",
                  where("GET /v1/models"));
    }
    info_.settings.model_description =
        fmt::format("{}, {}, at the server {}", client().told(text_of(member(*model, "id"))),
                    client().told(text_of(member(props, "model_ftype"))),
                    client().told(text_of(member(props, "model_path"))));
    compare_names(text_of(member(props, "model_path")));
    return {};
  }

  // A server cannot show its file: its name is all that there is to compare.
  void compare_names(const std::string& path) {
    const std::filesystem::path theirs = path, ours = parts().model_path;
    if (path.empty() || parts().model_path.empty() || theirs.filename() == ours.filename()) return;
    warn("server-model",
         fmt::format("the server says that it runs {}; that this is {} is not checked",
                     client().quoted(path), ours.filename().string()));
  }

  // What it adds to a text, by what it makes of one.
  Result<void> look_at_tokenizer() {
    info_.capabilities.tokenize = true;
    const auto with = tokenize("a", {.add_special = true});
    if (!with) return tl::unexpected(with.error());
    const auto without = tokenize("a", {.add_special = false});
    if (!without) return tl::unexpected(without.error());
    if (without->empty()) return odd("/tokenize", "no tokens of a text");
    const auto found = std::ranges::search(*with, *without);
    if (found.empty()) return odd("/tokenize", "other tokens where BOS and EOS are added");
    info_.settings.add_bos = found.begin() != with->begin();
    info_.settings.add_eos = found.end() != with->end();
    if (eos_text_.empty()) return {};
    const auto eos = tokenize(eos_text_, {.add_special = false});
    if (!eos) return tl::unexpected(eos.error());
    if (eos->size() == 1) eos_ = eos->front();
    return {};
  }

  // How many log-probabilities it really gives.
  Result<void> look_at_rows() {
    const int32_t n_vocab = info_.settings.n_vocab;
    constexpr int32_t kUsual = 100;
    const int32_t top = parts().top.value_or(kUsual);
    asked_ = top == kAllProbabilities ? n_vocab : std::min(top, n_vocab);
    const std::vector<TokenId> probe = {std::min(1, n_vocab - 1)};
    const auto row = ask_row(probe, 0);
    if (!row) return tl::unexpected(row.error());
    if (listed_ < asked_) {
      return fail(
          ExitCode::usage,
          fmt::format("the server lists {} log-probabilities of {} asked for", listed_, asked_),
          where("POST /completion"), fmt::format("Ask for as many: top={}.", listed_));
    }
    info_.identity.api =
        fmt::format("llama-server /completion: {} log-probabilities of each prefix",
                    asked_ == n_vocab ? "all" : fmt::format("{}", asked_));
    return {};
  }

  Result<Outcome> ask_rows(std::span<const TokenId> ids, int32_t first,
                           const TopRowSink& sink) override {
    for (int32_t position = first; position < std::ssize(ids); ++position) {
      const auto row = ask_row(ids.first(static_cast<size_t>(position) + 1), position);
      if (!row) return tl::unexpected(row.error());
      if (!sink(position, *row)) return Outcome::stopped;
    }
    return Outcome::complete;
  }

  // Of the softmax before any sampler, as post_sampling_probs says. Temperature 0 leaves the
  // sampler nothing to do; which token it takes does not matter.
  Result<Json> ask_probabilities(std::span<const TokenId> ids, int32_t count) {
    auto answer = ask("/completion", {{"prompt", ids},
                                      {"n_predict", 1},
                                      {"temperature", 0},
                                      {"n_probs", count},
                                      {"post_sampling_probs", false},
                                      {"cache_prompt", true}});
    if (!answer) return answer;
    const Json& generated = element(member(*answer, "completion_probabilities"), 0);
    const Json& probabilities = member(generated, "top_logprobs");
    if (!probabilities.is_array()) return odd("/completion", "no top_logprobs");
    return probabilities;
  }

  Result<TopRow> ask_row(std::span<const TokenId> ids, int32_t position) {
    const auto probabilities = ask_probabilities(ids, asked_);
    if (!probabilities) return tl::unexpected(probabilities.error());
    listed_ = static_cast<int32_t>(probabilities->size());
    std::vector<TopToken> tokens;
    tokens.reserve(probabilities->size());
    for (const Json& entry : *probabilities) {
      const Json& value = member(entry, "logprob");
      if (!value.is_number()) return odd("/completion", "a token without a log-probability");
      tokens.push_back({number_of(member(entry, "id")), value.get<float>()});
    }
    auto row = top_row(std::move(tokens), static_cast<size_t>(asked_), info_.settings.n_vocab);
    if (!row) return bad_row(row.error(), position);
    return row;
  }

  // JSON shows bytes that are no character as U+FFFD; a row has the bytes of each token that is
  // none of the special ones.
  Result<std::string> piece_of(TokenId id) {
    const auto answer = ask("/detokenize", {{"tokens", {id}}});
    if (!answer) return tl::unexpected(answer.error());
    std::string piece = text_of(member(*answer, "content"));
    if (piece.find("\xEF\xBF\xBD") == std::string::npos) return piece;
    if (!bytes_) {
      const std::vector<TokenId> any = {id};
      auto all = ask_probabilities(any, info_.settings.n_vocab);
      if (!all) return tl::unexpected(all.error());
      bytes_ = std::vector<std::string>(static_cast<size_t>(info_.settings.n_vocab));
      for (const Json& entry : *all) {
        const int32_t of = number_of(member(entry, "id"));
        if (of < 0 || of >= info_.settings.n_vocab) continue;
        for (const Json& byte : member(entry, "bytes"))
          (*bytes_)[static_cast<size_t>(of)] += static_cast<char>(number_of(byte));
      }
    }
    const std::string& bytes = (*bytes_)[static_cast<size_t>(id)];
    return bytes.empty() ? piece : bytes;
  }

  std::string eos_text_;
  TokenId eos_ = -1;
  int32_t asked_ = 0;   // log-probabilities of a row
  int32_t listed_ = 0;  // of the latest one, as it came
  std::optional<std::vector<std::string>> bytes_;
};

}  // namespace

Result<bool> is_llama_server(HttpClient& client) {
  const auto answer = client.get("/props");
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status == 401 || answer->status == 403) {
    return tl::unexpected(json_of(client, "GET /props", *answer).error());
  }
  const Json json = Json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  return answer->status == 200 && member(json, "default_generation_settings").is_object();
}

Result<std::unique_ptr<Engine>> open_llama_server(ServerParts parts) {
  auto engine = std::make_unique<LlamaServer>(std::move(parts));
  if (auto ok = engine->open(); !ok) return tl::unexpected(ok.error());
  return engine;
}

}  // namespace crossval
