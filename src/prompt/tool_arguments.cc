#include "prompt/tool_arguments.h"

#include <nlohmann/json.hpp>

#include "prompt/conversation.h"

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;  // the order of keys is text

// Calls `visit(message index, arguments)` for each tool call that has arguments.
template <class Messages, class Visit>
void visit_arguments(Messages& messages, const Visit& visit) {
  for (size_t i = 0; i < messages.size(); ++i) {
    if (!messages[i].contains("tool_calls") || !messages[i]["tool_calls"].is_array()) continue;
    for (auto& call : messages[i]["tool_calls"]) {
      if (!call.is_object()) continue;
      const bool wrapped = call.contains("function") && call["function"].is_object();
      auto& function = wrapped ? call["function"] : call;
      if (function.contains("arguments")) visit(i, function["arguments"]);
    }
  }
}

// Discarded when it is no JSON, or deeper than what is written recursively may be.
Json parsed(const std::string& text) {
  bool too_deep = false;
  Json value = Json::parse(text, within_depth(too_deep), /*allow_exceptions=*/false);
  return too_deep ? Json(Json::value_t::discarded) : value;
}

// As JSON writes the text: with quotes, and those inside escaped.
std::string quoted(const std::string& text) { return Json(text).dump(); }

std::string emptied(const std::string& messages_json) {
  Json messages = Json::parse(messages_json);
  visit_arguments(messages, [](size_t, Json& arguments) {
    if (arguments.is_object()) arguments = Json::object();
  });
  return messages.dump();
}

// Whether `text` shows all arguments of the messages, which are text, as they are.
bool shows_as_it_is(const Json& messages, const std::string& text) {
  bool all = true;
  visit_arguments(messages, [&](size_t, const Json& arguments) {
    if (!arguments.is_string()) return;
    const std::string own = arguments.get<std::string>();
    all = all && text.find(own) != std::string::npos && text.find(quoted(own)) == std::string::npos;
  });
  return all;
}

// Whether `text` shows a mapping as Python does, {'key': …: a template that adds it to a text.
bool shows_as_python(const Json& messages, const std::string& text) {
  bool any = false;
  visit_arguments(messages, [&](size_t, const Json& arguments) {
    if (!arguments.is_object() || arguments.empty()) return;
    any = any || text.find("{'" + arguments.begin().key() + "': ") != std::string::npos;
  });
  return any;
}

bool takes_text(const std::string& mapped, const std::string& as_text,
                const RenderMessages& render) {
  const auto of_text = render(as_text);
  if (!of_text || !shows_as_it_is(Json::parse(as_text), *of_text)) return false;
  const auto of_mapping = render(mapped);
  if (!of_mapping || shows_as_python(Json::parse(mapped), *of_mapping)) return true;
  const auto of_nothing = render(emptied(mapped));
  return of_nothing && *of_nothing == *of_mapping && *of_text != *of_mapping;
}

}  // namespace

std::string with_mapped_arguments(const std::string& messages_json) {
  Json messages = Json::parse(messages_json);
  visit_arguments(messages, [](size_t, Json& arguments) {
    if (!arguments.is_string()) return;
    Json value = parsed(arguments.get<std::string>());
    if (value.is_object()) arguments = std::move(value);
  });
  return messages.dump();
}

std::string with_text_arguments(const std::string& messages_json) {
  Json messages = Json::parse(messages_json);
  visit_arguments(messages, [](size_t, Json& arguments) {
    if (arguments.is_object()) arguments = arguments.dump();
  });
  return messages.dump();
}

ToolArguments fit_arguments(const std::string& messages_json, const RenderMessages& render) {
  std::string mapped = with_mapped_arguments(messages_json);
  std::string as_text = with_text_arguments(messages_json);
  if (mapped == as_text) return {messages_json, {}};  // no arguments of either kind
  const bool text = takes_text(mapped, as_text, render);
  std::string& fitting = text ? as_text : mapped;
  if (fitting == Json::parse(messages_json).dump()) return {messages_json, {}};
  return {std::move(fitting),
          text ? "it takes text alone as arguments of tool calls: mappings were written as JSON"
               : "it takes mappings as arguments of tool calls: JSON text was read"};
}

std::vector<size_t> escaped_arguments(const std::string& messages_json, const std::string& text) {
  const Json messages = Json::parse(messages_json);
  std::vector<size_t> found;
  visit_arguments(messages, [&](size_t message, const Json& arguments) {
    if (!arguments.is_string() || (!found.empty() && found.back() == message)) return;
    const std::string own = arguments.get<std::string>();
    if (parsed(own).is_string() || (!own.empty() && text.find(quoted(own)) != std::string::npos)) {
      found.push_back(message);
    }
  });
  return found;
}

}  // namespace crossval
