#include "prompt/jinja_form.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>

#include "base/read_file.h"
#include "base/utf8.h"
#include "prompt/text_encoding.h"
#include "prompt/tool_arguments.h"

namespace crossval {
namespace {

constexpr size_t kMaxTemplateBytes = size_t{1} << 20;

struct JinjaTemplate {
  std::string source;
  PromptDecision decision;
};

// The model's own template. A model with a second one for tools has it under "tool_use".
Result<JinjaTemplate> model_template(const PromptModelFacts& model, const Conversation& chat) {
  const auto tool_use = model.named_templates.find("tool_use");
  if (chat.tools_json != "null" && tool_use != model.named_templates.end()) {
    return JinjaTemplate{
        tool_use->second,
        {"auto", "the model's own template for tools, tokenizer.chat_template.tool_use"}};
  }
  if (!model.chat_template) {
    return fail(
        ExitCode::bad_input_file, "the model has no chat template", model.path,
        "Name one: --prompt-template instruct, chatml, llama3-chat or FILE.jinja; or use raw.");
  }
  return JinjaTemplate{*model.chat_template,
                       {"auto", "the model's own template, tokenizer.chat_template"}};
}

Result<JinjaTemplate> find_jinja(const std::string& name, const PromptModelFacts& model,
                                 const Conversation& chat) {
  if (name == "auto") return model_template(model, chat);
  std::error_code error;  // what cannot be looked at is no file
  if (!name.ends_with(".jinja") && !std::filesystem::is_regular_file(name, error)) {
    return fail(ExitCode::usage, "unknown prompt template \"" + name + "\"", "--prompt-template",
                "Known: raw, auto, instruct, chatml, llama3-chat, or the path of a Jinja file.");
  }
  Result<std::string> source = read_file(name, kMaxTemplateBytes);
  if (!source) return tl::unexpected(source.error());
  if (auto narrow = refuse_wide_text(*source, name); !narrow) {
    return tl::unexpected(narrow.error());
  }
  return JinjaTemplate{*std::move(source), {"jinja", "the file " + name}};
}

// One template, and what all of its renderings have in common.
class Rendering {
 public:
  Rendering(std::string source, const Conversation& chat, const PromptModelFacts& model,
            const TemplateRenderer& renderer)
      : renderer_(renderer),
        input_{.source = std::move(source),
               .messages_json = "",
               .tools_json = "",
               .documents_json = chat.documents_json,
               .kwargs_json = chat.kwargs_json,
               .bos_token = model.bos_text,
               .eos_token = model.eos_text,
               .add_generation_prompt = chat.wants_answer(),
               .now = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count()} {}

  Result<std::string> text(const std::string& messages, const std::string& tools) {
    input_.messages_json = messages;
    input_.tools_json = tools;
    return renderer_(input_);
  }

 private:
  const TemplateRenderer& renderer_;
  TemplateInput input_;
};

// Templates drop roles they do not know. Answers are not looked at: templates rightly cut thoughts
// out of them.
std::vector<PromptWarning> lost_messages(const Conversation& chat, const std::string& text) {
  const auto shown = [&](const std::string& part) {
    return text.find(trimmed(part)) != std::string::npos;
  };
  std::vector<PromptWarning> warnings;
  for (size_t i = 0; i < chat.messages.size(); ++i) {
    const ChatMessage& message = chat.messages[i];
    const bool asked = message.role == "user" || message.role == "system";
    if (!asked || std::ranges::all_of(message.texts, shown)) continue;
    warnings.push_back({"message-lost", "the template left out or rewrote the text of message " +
                                            std::to_string(i) + " (" + message.role + ")"});
  }
  return warnings;
}

// Whether lists of parts must become texts: a template that takes text alone prints a list as
// program text, or nothing of it. One that takes parts makes the same of a text and of that text
// as the only part.
bool takes_text_alone(const Conversation& chat, const std::string& joined, Rendering& rendering) {
  if (joined == chat.messages_json) return false;
  const auto as_text = rendering.text(joined, chat.tools_json);
  if (!as_text || !lost_messages(chat, *as_text).empty()) return false;
  const auto as_part = rendering.text(as_single_parts(chat.messages_json), chat.tools_json);
  return !as_part || *as_part != *as_text;
}

bool is_word(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool names(std::string_view source, std::string_view variable) {
  for (size_t at = source.find(variable); at != std::string_view::npos;
       at = source.find(variable, at + 1)) {
    const size_t end = at + variable.size();
    if ((at == 0 || !is_word(source[at - 1])) && (end == source.size() || !is_word(source[end]))) {
      return true;
    }
  }
  return false;
}

// A variable that the template does not name changes nothing.
std::vector<PromptWarning> lost_kwargs(const Conversation& chat, std::string_view source) {
  std::vector<PromptWarning> warnings;
  for (const std::string& name : kwargs_names(chat.kwargs_json)) {
    if (names(source, name)) continue;
    warnings.push_back({"kwargs-lost", "the template names no variable " + name +
                                           ": what chat_template_kwargs give it changes nothing"});
  }
  return warnings;
}

std::vector<PromptWarning> twice_escaped(const std::string& messages, const std::string& text) {
  std::vector<PromptWarning> warnings;
  for (const size_t message : escaped_arguments(messages, text)) {
    warnings.push_back(
        {"arguments-escaped", "the arguments of a tool call of message " + std::to_string(message) +
                                  " are in the text as JSON within JSON text, escaped "
                                  "twice; write them as a mapping"});
  }
  return warnings;
}

// A template that shows nothing of tools or of the calls to them makes the same text without them.
std::vector<PromptWarning> lost_tools(const Conversation& chat, const std::string& messages,
                                      const std::string& text, Rendering& rendering) {
  std::vector<PromptWarning> warnings;
  const auto changes_nothing = [&](const std::string& without, const std::string& tools) {
    const auto other = rendering.text(without, tools);
    return other && *other == text;
  };
  if (chat.tools_json != "null" && chat.tools_json != "[]" && changes_nothing(messages, "null")) {
    warnings.push_back({"tools-lost", "the template shows nothing of the tools"});
  }
  const auto call = std::ranges::find_if(chat.messages, &ChatMessage::calls_tools);
  if (call != chat.messages.end() &&
      changes_nothing(without_tool_calls(messages), chat.tools_json)) {
    warnings.push_back({"tool-calls-lost", "the template left out the tool calls, of message " +
                                               std::to_string(call - chat.messages.begin()) + " (" +
                                               call->role + ") for one"});
  }
  return warnings;
}

}  // namespace

Result<RenderedForm> render_jinja(const std::string& name, const Conversation& chat,
                                  const PromptModelFacts& model, const TemplateRenderer& renderer) {
  auto jinja = find_jinja(name, model, chat);
  if (!jinja) return tl::unexpected(jinja.error());
  PromptDecision decision = jinja->decision;
  if (!is_valid_utf8(jinja->source)) {
    return fail(ExitCode::bad_input_file, "the template is not valid UTF-8", decision.why);
  }
  auto warnings = lost_kwargs(chat, jinja->source);
  Rendering rendering(std::move(jinja->source), chat, model, renderer);
  Conversation fitted = chat;
  ToolArguments arguments = fit_arguments(chat.messages_json, [&](const std::string& messages) {
    return rendering.text(as_texts(messages), chat.tools_json);
  });
  fitted.messages_json = std::move(arguments.messages_json);
  if (!arguments.why.empty()) decision.why += "; " + arguments.why;
  std::string messages = fitted.messages_json;
  if (std::string joined = as_texts(messages); takes_text_alone(fitted, joined, rendering)) {
    messages = std::move(joined);
    decision.why += "; it takes text alone: parts were joined by line feeds";
  }
  auto text = rendering.text(messages, chat.tools_json);
  if (!text) return tl::unexpected(text.error());
  for (const auto& more : {lost_messages(chat, *text), lost_tools(chat, messages, *text, rendering),
                           twice_escaped(messages, *text)}) {
    warnings.insert(warnings.end(), more.begin(), more.end());
  }
  return RenderedForm{*std::move(text),   decision, true,
                      chat.messages_json, true,     std::move(warnings)};
}

}  // namespace crossval
