#include "http/served_model.h"

#include <fmt/format.h>

#include <vector>

#include "http/answer.h"
#include "logprobs/json_members.h"

namespace crossval {

Result<nlohmann::json> served_model(HttpClient& client, const char* path, const char* list,
                                    const char* name, const std::string& wanted) {
  const auto answer = get_json(client, path);
  if (!answer) return tl::unexpected(answer.error());
  const std::string where = fmt::format("{}, GET {}", client.where(), path);
  const nlohmann::json& models = member(*answer, list);
  if (!models.is_array() || models.empty())
    return fail(ExitCode::engine_failed, "the server lists no model", where);
  constexpr size_t kShown = 5;
  std::vector<std::string> names;
  for (const nlohmann::json& model : models) {
    const std::string own = text_of(member(model, name));
    if (own == wanted || (wanted.empty() && models.size() == 1)) return model;
    if (names.size() < kShown) names.push_back(client.quoted(own));
  }
  const std::string hint = fmt::format("Name one of its models with served-model=NAME: {}{}.",
                                       fmt::join(names, ", "), models.size() > kShown ? ", …" : "");
  if (wanted.empty())
    return fail(ExitCode::usage, fmt::format("the server has {} models", models.size()), where,
                hint);
  return fail(ExitCode::usage, "the server has no model called " + client.quoted(wanted), where,
              hint);
}

}  // namespace crossval
