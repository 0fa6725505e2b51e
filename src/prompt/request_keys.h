// The keys of a chat request's body, as people have it: which of them make the prompt.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace crossval {

enum class RequestKey {
  prompt,     // messages, tools, documents, chat_template_kwargs, add_generation_prompt
  sampling,   // changes what is generated: looked at by nobody here, and said
  transport,  // changes neither
  unknown,
};

RequestKey classify_request_key(std::string_view key);

/// Why a body with this key and value is refused, with the way out: what some servers make of it
/// would change the prompt. Empty where it is not. Null values are as if they were not there.
std::string objection_to(std::string_view key, const nlohmann::ordered_json& value);

/// Whether crossval sets the template variable itself, so that chat_template_kwargs may not.
bool is_own_variable(std::string_view name);

}  // namespace crossval
