#include "prompt/conversation.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "prompt/request_keys.h"

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;  // tools are printed by templates: key order is text

bool is_text_part(const Json& part) {
  return part.is_object() && part.value("type", Json()) == "text" &&
         part.value("text", Json()).is_string();
}

// The content's texts: of a string itself, of OpenAI's list form each part's, of null none.
std::vector<std::string> texts_of(const Json& content) {
  std::vector<std::string> texts;
  if (content.is_string()) texts.push_back(content.get<std::string>());
  if (content.is_array()) {
    for (const Json& part : content) texts.push_back(part["text"].get<std::string>());
  }
  return texts;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (size_t i = 0; i < texts.size(); ++i) all += (i > 0 ? "\n" : "") + texts[i];
  return all;
}

// The messages with `change` made to each.
template <class Change>
std::string changed(const std::string& messages_json, Change change) {
  Json messages = Json::parse(messages_json);
  for (Json& message : messages) change(message);
  return messages.dump();
}

ChatMessage read_message(const Json& message) {
  ChatMessage result{.role = message["role"].get<std::string>(), .content = "", .texts = {}};
  const Json content = message.value("content", Json());
  result.plain = content.is_string() || content.is_array();
  for (const auto& [key, value] : message.items()) {
    if (key != "role" && key != "content") result.plain = false;
  }
  result.texts = texts_of(content);
  result.content = joined(result.texts);
  const Json calls = message.value("tool_calls", Json());
  result.calls_tools = calls.is_array() && !calls.empty();
  return result;
}

// What is wrong with a message; empty when nothing is.
std::string fault_of(const Json& message) {
  if (!message.is_object()) return " is no object";
  if (!message.contains("role")) return " has no \"role\"";
  if (!message["role"].is_string()) return " has a \"role\" that is no string";
  const Json content = message.value("content", Json());
  if (!content.is_array()) return {};
  for (const Json& part : content) {
    if (is_text_part(part)) continue;
    const Json type = part.is_object() ? part.value("type", Json()) : Json();
    if (!type.is_string()) return " has a part without a \"type\"";
    if (type == "text") return " has a text part without a \"text\" that is a string";
    return " has a part of type " + type.dump() + "; only text can be compared";
  }
  return {};
}

// "line 2, byte 17" of the document, the byte counted from the line's first, 1.
std::string place_of(std::string_view json, size_t byte) {
  const std::string_view before = json.substr(0, byte > 0 ? byte - 1 : 0);
  const auto line = 1 + std::ranges::count(before, '\n');
  const size_t start = before.rfind('\n');
  const size_t column = start == std::string_view::npos ? before.size() : before.size() - start - 1;
  return "line " + std::to_string(line) + ", byte " + std::to_string(column + 1);
}

// A document that is read whole, or what is wrong with it.
tl::expected<Json, std::string> parse_document(std::string_view json) {
  bool too_deep = false;
  Json document;
  try {
    document = Json::parse(json, within_depth(too_deep));
  } catch (const Json::parse_error& error) {
    if (!too_deep) return tl::unexpected("not valid JSON at " + place_of(json, error.byte));
  } catch (const Json::out_of_range&) {
    if (!too_deep) return tl::unexpected(std::string("a number is larger than any double"));
  }
  if (too_deep) {
    return tl::unexpected("nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
  }
  return document;
}

// What is wrong with variables for a template; empty when nothing is.
std::string fault_of_kwargs(const Json& kwargs) {
  if (!kwargs.is_object()) return "no JSON object";
  for (const auto& [name, value] : kwargs.items()) {
    if (is_own_variable(name)) return "crossval sets the variable \"" + name + "\" itself";
  }
  return {};
}

// What a request's body has beside its messages. Returns what is wrong; empty when nothing is.
std::string read_body(const Json& body, Conversation& chat) {
  if (!body.contains("messages")) return "the object has no \"messages\"";
  for (const auto& [key, value] : body.items()) {
    if (const std::string why = objection_to(key, value); !why.empty()) return why;
    if (classify_request_key(key) == RequestKey::sampling) chat.sampling_keys.push_back(key);
  }
  const auto value_of = [&](const char* key) { return body.value(key, Json()); };
  for (const auto& [key, list] :
       {std::pair("tools", &chat.tools_json), std::pair("documents", &chat.documents_json)}) {
    const Json value = value_of(key);
    if (!value.is_null() && !value.is_array()) return '"' + std::string(key) + "\" is not an array";
    *list = value.dump();
  }
  if (const Json opened = value_of("add_generation_prompt"); !opened.is_null()) {
    if (!opened.is_boolean()) return "\"add_generation_prompt\" is neither true nor false";
    chat.add_generation_prompt = opened.get<bool>();
  }
  if (const Json kwargs = value_of("chat_template_kwargs"); !kwargs.is_null()) {
    const std::string fault = fault_of_kwargs(kwargs);
    if (!fault.empty()) return "\"chat_template_kwargs\": " + fault;
    chat.kwargs_json = kwargs.dump();
  }
  return {};
}

void take_messages(const Json& messages, Conversation& chat) {
  for (const Json& message : messages) chat.messages.push_back(read_message(message));
  chat.messages_json = messages.dump();
}

}  // namespace

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\n\r\f\v";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string as_texts(const std::string& messages_json) {
  return changed(messages_json, [](Json& message) {
    Json* content = message.contains("content") ? &message["content"] : nullptr;
    if (content != nullptr && content->is_array()) *content = joined(texts_of(*content));
  });
}

std::string as_single_parts(const std::string& messages_json) {
  return changed(messages_json, [](Json& message) {
    Json* content = message.contains("content") ? &message["content"] : nullptr;
    if (content == nullptr || !content->is_array()) return;
    *content = Json::array({{{"type", "text"}, {"text", joined(texts_of(*content))}}});
  });
}

std::string without_tool_calls(const std::string& messages_json) {
  return changed(messages_json, [](Json& message) { message.erase("tool_calls"); });
}

Conversation single_turn(std::string_view user, const std::optional<std::string>& system) {
  Json messages = Json::array();
  if (system) messages.push_back({{"role", "system"}, {"content", *system}});
  messages.push_back({{"role", "user"}, {"content", user}});
  Conversation chat;
  take_messages(messages, chat);
  return chat;
}

Result<Conversation> parse_conversation(std::string_view json, const std::string& where,
                                        const std::optional<std::string>& system) {
  const auto bad = [&](const std::string& why) {
    return fail(ExitCode::bad_input_file, "the messages cannot be used: " + why, where,
                R"(Write [{"role": "user", "content": "Hi"}] or {"messages": […], "tools": […]}.)");
  };
  auto read = parse_document(json);
  if (!read) return bad(read.error());
  Json document = *std::move(read);
  Conversation chat;
  if (document.is_object()) {
    if (const std::string fault = read_body(document, chat); !fault.empty()) return bad(fault);
    document = Json(document["messages"]);
  }
  if (!document.is_array()) return bad("not an array of messages");
  if (document.empty()) return bad("there is no message");
  for (size_t i = 0; i < document.size(); ++i) {
    if (const std::string fault = fault_of(document[i]); !fault.empty()) {
      return bad("message " + std::to_string(i) + fault);
    }
  }
  if (system) {
    if (document[0]["role"] == "system") {
      return fail(ExitCode::usage, "two system prompts: --system-prompt and the first message",
                  where, "Leave one of them out.");
    }
    document.insert(document.begin(), Json{{"role", "system"}, {"content", *system}});
  }
  take_messages(document, chat);
  return chat;
}

Result<std::string> merged_kwargs(const std::string& kwargs_json, const std::string& more) {
  const auto read = parse_document(more);
  const std::string fault = read ? fault_of_kwargs(*read) : read.error();
  if (!fault.empty()) {
    return fail(ExitCode::usage, fault, "--chat-template-kwargs",
                R"(Write variables by name: '{"enable_thinking": false}'.)");
  }
  Json all = Json::parse(kwargs_json);
  all.update(*read);
  return all.dump();
}

std::vector<std::string> kwargs_names(const std::string& kwargs_json) {
  std::vector<std::string> names;
  const Json kwargs = Json::parse(kwargs_json);
  for (const auto& [name, value] : kwargs.items()) names.push_back(name);
  return names;
}

}  // namespace crossval
