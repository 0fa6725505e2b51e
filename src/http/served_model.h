// Which of a server's models is asked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "http/client.h"

namespace crossval {

/// The entry of the model called `wanted`, or of the only one where that is empty. `path`, `list`
/// and `name` say where the server lists them: "/v1/models", "data", "id". Errors: the client's;
/// usage (no such model; several, and no choice); engine_failed (no list of models).
Result<nlohmann::json> served_model(HttpClient& client, const char* path, const char* list,
                                    const char* name, const std::string& wanted);

}  // namespace crossval
