// Chat messages: parsed for the fixed forms, kept as JSON for Jinja templates.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

struct ChatMessage {
  std::string role;
  std::string content;
  bool plain = true;  // nothing but role and text: the fixed forms can show it
};

struct Conversation {
  std::vector<ChatMessage> messages;
  std::string messages_json;        // as given, system prompt included, key order kept
  std::string tools_json = "null";  // array or null

  /// A template opens the assistant's turn unless the assistant spoke last.
  bool wants_answer() const { return messages.empty() || messages.back().role != "assistant"; }
};

/// Without the blanks at both ends, as templates write contents (`content | trim`).
std::string trimmed(const std::string& text);

/// One user turn, after `system` where given. Both must be valid UTF-8.
Conversation single_turn(std::string_view user, const std::optional<std::string>& system);

/// Parses an array of messages, or an object with "messages" and optionally "tools"
/// (docs/prompts.md). `where` names the file in errors (bad_input_file); `system` in addition to a
/// system message in the file is a usage error.
Result<Conversation> parse_conversation(std::string_view json, const std::string& where,
                                        const std::optional<std::string>& system);

}  // namespace crossval
