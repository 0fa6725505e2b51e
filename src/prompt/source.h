// What the user gave, read from where it is, before any template is applied.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "prompt/conversation.h"
#include "prompt/request.h"

namespace crossval {

using PromptSource = std::variant<std::string, Conversation, std::vector<TokenId>>;

/// Errors: usage (nothing, several sources, empty text, malformed ids), bad_input_file.
Result<PromptSource> read_prompt_source(const PromptRequest& request);

}  // namespace crossval
