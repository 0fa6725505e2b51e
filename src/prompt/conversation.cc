#include "prompt/conversation.h"

#include <nlohmann/json.hpp>

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;  // tools are printed by templates: key order is text

constexpr int kMaxDepth = 64;  // JSON is written recursively

// A message's text: a string, or the text parts of OpenAI's list form put together. Anything else
// (images, tool calls, null) is not plain.
ChatMessage read_message(const Json& message) {
  ChatMessage result{message["role"].get<std::string>(), "", true};
  for (const auto& [key, value] : message.items()) {
    if (key != "role" && key != "content") result.plain = false;
  }
  const Json content = message.value("content", Json());
  if (content.is_string()) {
    result.content = content.get<std::string>();
  } else if (content.is_array()) {
    for (const Json& part : content) {
      const bool text = part.is_object() && part.contains("type") && part["type"] == "text" &&
                        part.contains("text") && part["text"].is_string();
      if (text) result.content += part["text"].get<std::string>();
      if (!text) result.plain = false;
    }
  } else {
    result.plain = false;
  }
  return result;
}

Conversation from_json(const Json& messages, const Json& tools) {
  Conversation conversation;
  for (const Json& message : messages) conversation.messages.push_back(read_message(message));
  conversation.messages_json = messages.dump();
  conversation.tools_json = tools.dump();
  return conversation;
}

}  // namespace

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\n\r\f\v";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

Conversation single_turn(std::string_view user, const std::optional<std::string>& system) {
  Json messages = Json::array();
  if (system) messages.push_back({{"role", "system"}, {"content", *system}});
  messages.push_back({{"role", "user"}, {"content", user}});
  return from_json(messages, nullptr);
}

Result<Conversation> parse_conversation(std::string_view json, const std::string& where,
                                        const std::optional<std::string>& system) {
  const auto bad = [&](const std::string& why) {
    return fail(ExitCode::bad_input_file, "the messages cannot be used: " + why, where,
                R"(Write [{"role": "user", "content": "Hi"}] or {"messages": […], "tools": […]}.)");
  };
  bool too_deep = false;
  const auto within_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kMaxDepth;
    return depth <= kMaxDepth;
  };
  Json document = Json::parse(json, within_depth, /*allow_exceptions=*/false);
  if (too_deep) return bad("nested deeper than " + std::to_string(kMaxDepth) + " levels");
  if (document.is_discarded()) return bad("not valid JSON");
  Json tools = nullptr;
  if (document.is_object()) {
    if (!document.contains("messages")) return bad("the object has no \"messages\"");
    for (const auto& [key, value] : document.items()) {
      if (key != "messages" && key != "tools") return bad("unknown key \"" + key + "\"");
    }
    if (document.contains("tools")) tools = document["tools"];
    document = Json(document["messages"]);
  }
  if (!tools.is_null() && !tools.is_array()) return bad("\"tools\" is not an array");
  if (!document.is_array()) return bad("not an array of messages");
  if (document.empty()) return bad("there is no message");
  for (size_t i = 0; i < document.size(); ++i) {
    const Json& message = document[i];
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string()) {
      return bad("message " + std::to_string(i) + " has no \"role\"");
    }
  }
  if (system) {
    if (document[0]["role"] == "system") {
      return fail(ExitCode::usage, "two system prompts: --system-prompt and the first message",
                  where, "Leave one of them out.");
    }
    document.insert(document.begin(), Json{{"role", "system"}, {"content", *system}});
  }
  return from_json(document, tools);
}

}  // namespace crossval
