#include "http/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

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

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

const Json& element(const Json& array, size_t index) {
  static const Json none;
  return array.is_array() && index < array.size() ? array[index] : none;
}

std::string text_of(const Json& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}

int32_t number_of(const Json& json) {
  const int64_t wide = json.is_number_integer() ? json.get<int64_t>() : -1;
  return wide < 0 || wide > std::numeric_limits<int32_t>::max() ? -1 : static_cast<int32_t>(wide);
}

Result<TopRow> top_row(std::vector<TopToken> tokens, size_t most, int32_t n_vocab) {
  constexpr float kNoNumber = -1000;  // a float's softmax ends at −104
  constexpr double kRounding = 1e-3;
  const auto bad = [](std::string what) { return fail(ExitCode::engine_failed, std::move(what)); };
  for (const TopToken& token : tokens) {
    if (token.id < 0 || token.id >= n_vocab)
      return bad(fmt::format("lists token {}, which is not in [0, {})", token.id, n_vocab));
    if (std::isnan(token.log_probability) || token.log_probability > kRounding)
      return bad(
          fmt::format("gives token {} the log-probability {}", token.id, token.log_probability));
  }
  std::erase_if(tokens, [](const TopToken& t) { return t.log_probability <= kNoNumber; });
  std::ranges::sort(tokens, {}, &TopToken::id);
  const auto twice = std::ranges::adjacent_find(tokens, {}, &TopToken::id);
  if (twice != tokens.end()) return bad(fmt::format("lists token {} twice", twice->id));
  std::ranges::sort(tokens, [](const TopToken& a, const TopToken& b) {
    return a.log_probability != b.log_probability ? a.log_probability > b.log_probability
                                                  : a.id < b.id;
  });
  if (tokens.size() > most) tokens.resize(most);
  double listed = 0;
  for (const TopToken& token : tokens) listed += std::exp(double{token.log_probability});
  if (listed > 1 + kRounding) return bad(fmt::format("has probabilities of {} together", listed));
  const bool whole = std::cmp_equal(tokens.size(), n_vocab);
  return TopRow{std::move(tokens), whole ? 0 : std::max(0.0, 1 - listed)};
}

}  // namespace crossval
