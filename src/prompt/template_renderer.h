// The border between prompts and whatever executes Jinja templates.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"

namespace crossval {

/// The variables are those that Hugging Face's apply_chat_template hands to a template.
struct TemplateInput {
  std::string source;         // Jinja text
  std::string messages_json;  // array of {role, content, …}
  std::string tools_json;     // array, or "null"
  std::string documents_json = "null";
  std::string kwargs_json = "{}";  // further variables by name
  std::string bos_token;
  std::string eos_token;
  bool add_generation_prompt = true;
  int64_t now = 0;  // seconds since 1970, for strftime_now
};

/// The rendered text. Errors: bad_input_file (the template is malformed, raises, or exceeds the
/// limits), engine_failed (no renderer on this machine).
using TemplateRenderer = std::function<Result<std::string>(const TemplateInput&)>;

}  // namespace crossval
