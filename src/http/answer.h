// What servers answer with, read with caution: JSON, their words about a failure,
// log-probabilities.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/client.h"
#include "protocol/row.h"

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

/// The member of an object, or null where it has none, or is no object.
const nlohmann::json& member(const nlohmann::json& object, const char* key);
/// The element of an array, or null.
const nlohmann::json& element(const nlohmann::json& array, size_t index);
/// A text, or an empty one for everything else.
std::string text_of(const nlohmann::json& json);
/// A whole number from 0 that int32_t holds, or −1 for everything else.
int32_t number_of(const nlohmann::json& json);

/// The row of log-probabilities that a server listed: sorted, its `most` likely ones. Entries that
/// only say that the server has no number (−3.4e38, −9999, −inf) are left out.
///
/// Errors (engine_failed), as words for the end of "its row …": a token twice or outside the
/// vocabulary, a log-probability that is none, probabilities of more than 1 together.
Result<TopRow> top_row(std::vector<TopToken> tokens, size_t most, int32_t n_vocab);

}  // namespace crossval
