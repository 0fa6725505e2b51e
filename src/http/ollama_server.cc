#include "http/ollama_server.h"

#include <fmt/format.h>

#include <utility>

#include "http/answer.h"
#include "http/served_model.h"
#include "http/text_server.h"
#include "logprobs/json_members.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

class OllamaServer : public TextServer {
 public:
  using TextServer::TextServer;

  Result<void> open() {
    client().rename("ollama");
    info_.identity.name = "ollama";
    const auto version = get_json(client(), "/api/version");
    if (!version) return tl::unexpected(version.error());
    info_.identity.version = client().told(text_of(member(*version, "version")));
    const auto model = served_model(client(), "/api/tags", "models", "name", parts().served_model);
    if (!model) return tl::unexpected(model.error());
    model_ = text_of(member(*model, "name"));
    const Json& details = member(*model, "details");
    info_.settings.model_description =
        fmt::format("{}, {} {}, at the server", client().told(model_),
                    client().told(text_of(member(details, "parameter_size"))),
                    client().told(text_of(member(details, "quantization_level"))));
    info_.settings.n_ctx = parts().n_ctx;
    top_ = parts().top.value_or(kMost);
    if (top_ == kAllProbabilities || top_ > kMost) {
      return fail(ExitCode::usage, fmt::format("ollama gives {} log-probabilities at most", kMost),
                  where("open"), fmt::format("Ask for as many: top={}.", kMost));
    }
    info_.identity.api = fmt::format(
        "Ollama /api/generate, raw: texts in, texts out, each prefix, {} log-probabilities", top_);
    const auto probe = vocabulary()->tokenize("The cat sat on a mat", {});
    if (!probe) return tl::unexpected(probe.error());
    const auto row = ask_row(*probe);
    if (!row) return tl::unexpected(row.error());
    info_.warnings.clear();  // of a row that nobody compares
    if (!row->tokens.empty()) return {};
    return fail(ExitCode::engine_failed, "the server gives no log-probabilities", where(kAsked),
                "Ollama has them from release 0.12.11 on.");
  }

 private:
  Result<Outcome> ask_rows(std::span<const TokenId> ids, int32_t first,
                           const TopRowSink& sink) override {
    for (int32_t position = first; position < std::ssize(ids); ++position) {
      const auto row = ask_row(ids.first(static_cast<size_t>(position) + 1));
      if (!row) return tl::unexpected(row.error());
      if (!sink(position, *row)) return Outcome::stopped;
    }
    return Outcome::complete;
  }

  Result<TopRow> ask_row(std::span<const TokenId> ids) {
    const auto text = prompt_text(ids);
    if (!text) return tl::unexpected(text.error());
    const auto answer = post_json(client(), kPath,
                                  {{"model", model_},
                                   {"prompt", *text},
                                   {"raw", true},  // no template
                                   {"stream", false},
                                   {"logprobs", true},
                                   {"top_logprobs", top_},
                                   {"options", {{"num_predict", 1}, {"temperature", 1}}}});
    if (!answer) return tl::unexpected(answer.error());
    // Not said of a prompt that it has just seen.
    const Json& count = member(*answer, "prompt_eval_count");
    if (count.is_number_integer() && count != 0 && count != ids.size())
      return tl::unexpected(other_count(number_of(count), ids.size(), kAsked));
    const Json& listed = member(element(member(*answer, "logprobs"), 0), "top_logprobs");
    // A token that ends the text is not told.
    if (listed.is_null()) return TopRow{};
    return read_row(listed, static_cast<int32_t>(ids.size()) - 1);
  }

  static constexpr const char* kPath = "/api/generate";
  static constexpr const char* kAsked = "POST /api/generate";
  static constexpr int32_t kMost = 20;  // top_logprobs

  std::string model_;
};

}  // namespace

Result<bool> is_ollama(HttpClient& client) {
  const auto answer = client.get("/api/version");
  if (!answer) return tl::unexpected(answer.error());
  const Json json = Json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  return answer->status == 200 && member(json, "version").is_string();
}

Result<std::unique_ptr<Engine>> open_ollama(ServerParts parts) {
  return open_text_server<OllamaServer>(std::move(parts));
}

}  // namespace crossval
