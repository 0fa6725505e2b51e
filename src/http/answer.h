// What servers answer with, read with caution: JSON, and their words about a failure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "http/client.h"

namespace crossval {

/// The JSON of an answer that says yes. Errors (engine_failed): another status, with the server's
/// own words; no JSON.
Result<nlohmann::json> json_of(const HttpClient& client, const std::string& asked,
                               const HttpAnswer& answer);

/// A GET whose answer is as json_of has it.
Result<nlohmann::json> get_json(HttpClient& client, const std::string& path);
/// Likewise a POST.
Result<nlohmann::json> post_json(HttpClient& client, const std::string& path,
                                 const nlohmann::json& question);

}  // namespace crossval
