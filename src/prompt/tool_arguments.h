// The arguments of tool calls, which are JSON text in OpenAI's requests and a mapping in Hugging
// Face's: each template is handed what it takes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace crossval {

/// The messages with arguments as mappings: JSON text that is an object becomes that object, as in
/// llama.cpp (common/chat.cpp); other text stays.
std::string with_mapped_arguments(const std::string& messages_json);

/// The messages with arguments as JSON text: mappings are written without blanks, as llama.cpp
/// writes them; text stays as it is.
std::string with_text_arguments(const std::string& messages_json);

/// The text that a template makes of messages.
using RenderMessages = std::function<Result<std::string>(const std::string& messages_json)>;

struct ToolArguments {
  std::string messages_json;
  std::string why;  // what was changed, for people; empty: nothing
};

/// The messages with the arguments as the template takes them: as mappings where it shows those
/// otherwise than as Python writes them, else as text. Both forms of one call thus make one text,
/// but for blanks in text that a template takes as it is.
ToolArguments fit_arguments(const std::string& messages_json, const RenderMessages& render);

/// Messages whose arguments `text`, rendered from them, shows as JSON text within JSON text: a
/// string that a template escapes, or one that holds the text of a string.
std::vector<size_t> escaped_arguments(const std::string& messages_json, const std::string& text);

}  // namespace crossval
