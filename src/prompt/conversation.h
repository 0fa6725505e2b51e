// Chat messages: parsed for the fixed forms, kept as JSON for Jinja templates.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

/// JSON nested deeper is refused: it is written recursively.
inline constexpr int kMaxJsonDepth = 64;

/// For nlohmann's parse(): leaves out what is nested deeper and notes that there was such.
inline auto within_depth(bool& too_deep) {
  return [&too_deep](int depth, const auto& /*event*/, const auto& /*value*/) {
    too_deep |= depth > kMaxJsonDepth;
    return depth <= kMaxJsonDepth;
  };
}

struct ChatMessage {
  std::string role;
  std::string content;                  // its texts, joined by line feeds
  std::vector<std::string> texts = {};  // the content, or the parts of OpenAI's list form
  bool plain = true;                    // nothing but role and text: the fixed forms can show it
  bool calls_tools = false;
};

struct Conversation {
  std::vector<ChatMessage> messages;
  std::string messages_json;                    // as given, system prompt included, key order kept
  std::string tools_json = "null";              // array or null
  std::string documents_json = "null";          // likewise
  std::string kwargs_json = "{}";               // chat_template_kwargs: variables by name
  std::optional<bool> add_generation_prompt{};  // as a request's body says
  std::vector<std::string> sampling_keys{};     // of a request's body, not looked at

  /// A template opens the assistant's turn unless the assistant spoke last.
  bool wants_answer() const {
    return add_generation_prompt.value_or(messages.empty() || messages.back().role != "assistant");
  }
};

/// Without the blanks at both ends, as templates write contents (`content | trim`).
std::string trimmed(const std::string& text);

/// The messages with each list of parts as one text, the parts joined by line feeds (llama.cpp's
/// way, common/chat.cpp), or as a list of that one text.
std::string as_texts(const std::string& messages_json);
std::string as_single_parts(const std::string& messages_json);

/// The messages without their "tool_calls".
std::string without_tool_calls(const std::string& messages_json);

/// One user turn, after `system` where given. Both must be valid UTF-8.
Conversation single_turn(std::string_view user, const std::optional<std::string>& system);

/// Parses an array of messages, or an object with "messages" and perhaps "tools": the body of a
/// request, whose keys that would change the prompt are honoured or refused (docs/prompts.md).
/// `where` names the file in errors (bad_input_file); `system` in addition to a system message in
/// the file is a usage error.
Result<Conversation> parse_conversation(std::string_view json, const std::string& where,
                                        const std::optional<std::string>& system);

/// `kwargs_json` with those of `more` in their place: what --chat-template-kwargs adds to a body's.
/// Errors (usage): no JSON object, a variable that crossval sets itself.
Result<std::string> merged_kwargs(const std::string& kwargs_json, const std::string& more);

/// The names of the variables.
std::vector<std::string> kwargs_names(const std::string& kwargs_json);

}  // namespace crossval
