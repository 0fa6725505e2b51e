#include "http/answer.h"

#include <fmt/format.h>

#include "logprobs/json_members.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

// OpenAI, vLLM, llama-server: {"error": {"message": …}}; Ollama: {"error": …}; FastAPI: {"detail":
// …}.
std::string words_of(const HttpClient& client, const std::string& body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const Json& error = member(json, "error");
  for (const Json* words :
       {&member(error, "message"), &error, &member(json, "message"), &member(json, "detail")}) {
    if (words->is_string()) return client.quoted(words->get<std::string>());
  }
  return client.quoted(body);
}

}  // namespace

Result<Json> json_of(const HttpClient& client, const std::string& asked, const HttpAnswer& answer) {
  const std::string where = client.where() + ", " + asked;
  if (answer.status < 200 || answer.status > 299) {
    std::string hint;
    if (answer.status == 401 || answer.status == 403) {
      hint =
          "Put the server's key into the variable CROSSVAL_API_KEY, or name the variable that has "
          "it with key-env=NAME.";
    }
    return fail(ExitCode::engine_failed,
                fmt::format("the server answered with status {}: {}", answer.status,
                            words_of(client, answer.body)),
                where, hint);
  }
  Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_discarded()) return json;
  return fail(ExitCode::engine_failed,
              "the server's answer is no JSON: " + client.quoted(answer.body), where);
}

Result<Json> get_json(HttpClient& client, const std::string& path) {
  const auto answer = client.get(path);
  if (!answer) return tl::unexpected(answer.error());
  return json_of(client, "GET " + path, *answer);
}

Result<Json> post_json(HttpClient& client, const std::string& path, const Json& question) {
  const auto answer =
      client.post(path, question.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!answer) return tl::unexpected(answer.error());
  return json_of(client, "POST " + path, *answer);
}

}  // namespace crossval
