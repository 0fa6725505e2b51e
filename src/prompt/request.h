// What the user asked to be used as the prompt, before anything is read or rendered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval {

/// --bos and --special: as the model file and the template say, or forced.
enum class Toggle { automatic, on, off };

/// Exactly one of text, file, messages, messages_file, token_ids and rendered_file is set.
struct PromptRequest {
  std::optional<std::string> text;           // -p
  std::optional<std::string> file;           // -f; "-" is standard input; every byte counts
  std::optional<std::string> messages;       // a conversation as JSON, docs/prompts.md
  std::optional<std::string> messages_file;  // --messages, docs/prompts.md
  std::optional<std::string> token_ids;      // --tokens, "1,2,3"
  std::optional<std::string> rendered_file;  // an engine's prompt=: what a server's template wrote
  std::optional<std::string> system;         // --system-prompt
  std::optional<std::string> kwargs;         // --chat-template-kwargs, a JSON object
  /// raw, auto, instruct, chatml, llama3-chat or the path of a FILE.jinja. Empty: raw for text,
  /// auto for messages.
  std::string template_name;
  Toggle bos = Toggle::automatic;
  Toggle special = Toggle::automatic;
};

/// "auto", "on" or "off"; `option` names the option in the error (usage).
Result<Toggle> parse_toggle(std::string_view option, std::string_view text);

}  // namespace crossval
