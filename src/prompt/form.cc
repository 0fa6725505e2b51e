#include "prompt/form.h"

#include <chrono>

#include "base/read_file.h"
#include "base/utf8.h"
#include "prompt/fixed_forms.h"

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
  if (!name.ends_with(".jinja")) {
    return fail(ExitCode::usage, "unknown prompt template \"" + name + "\"", "--prompt-template",
                "Known: raw, auto, instruct, chatml, llama3-chat, or the path of a FILE.jinja.");
  }
  Result<std::string> source = read_file(name, kMaxTemplateBytes);
  if (!source) return tl::unexpected(source.error());
  return JinjaTemplate{*std::move(source), {"jinja", "the file " + name}};
}

// Templates drop roles they do not know, and the engine prints nothing for list contents where
// Python would fail. Answers are not looked at: templates rightly cut thoughts out of them.
std::vector<PromptWarning> lost_messages(const Conversation& chat, const std::string& text) {
  std::vector<PromptWarning> warnings;
  for (size_t i = 0; i < chat.messages.size(); ++i) {
    const ChatMessage& message = chat.messages[i];
    const bool asked = message.role == "user" || message.role == "system";
    if (!asked || text.find(trimmed(message.content)) != std::string::npos) continue;
    warnings.push_back({"message-lost", "the template left out or rewrote the text of message " +
                                            std::to_string(i) + " (" + message.role + ")"});
  }
  return warnings;
}

Result<RenderedForm> render_jinja(const std::string& name, const Conversation& chat,
                                  const PromptModelFacts& model, const TemplateRenderer& renderer) {
  auto jinja = find_jinja(name, model, chat);
  if (!jinja) return tl::unexpected(jinja.error());
  if (!is_valid_utf8(jinja->source)) {
    return fail(ExitCode::bad_input_file, "the template is not valid UTF-8", jinja->decision.why);
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  auto text = renderer({.source = jinja->source,
                        .messages_json = chat.messages_json,
                        .tools_json = chat.tools_json,
                        .bos_token = model.bos_text,
                        .eos_token = model.eos_text,
                        .add_generation_prompt = chat.wants_answer(),
                        .now = std::chrono::duration_cast<std::chrono::seconds>(now).count()});
  if (!text) return tl::unexpected(text.error());
  auto warnings = lost_messages(chat, *text);
  return RenderedForm{*std::move(text),   jinja->decision, true, chat.messages_json, true,
                      std::move(warnings)};
}

Result<RenderedForm> render_fixed(const FixedForm& form, const Conversation& chat) {
  if (chat.tools_json != "null") {
    return fail(ExitCode::usage, "the form " + std::string(form.name) + " has no place for tools",
                "--prompt-template", "Use auto or a FILE.jinja that knows tools.");
  }
  for (size_t i = 0; i < chat.messages.size(); ++i) {
    if (!chat.messages[i].plain) {
      return fail(ExitCode::usage,
                  "message " + std::to_string(i) +
                      " holds more than a role and text, which the form " + std::string(form.name) +
                      " cannot show",
                  "--prompt-template", "Use auto or a FILE.jinja.");
    }
  }
  return RenderedForm{form.render(chat),
                      {std::string(form.name), "asked for by --prompt-template"},
                      true,
                      chat.messages_json,
                      form.parse_special,
                      {}};
}

}  // namespace

Result<RenderedForm> render_form(const PromptRequest& request, PromptSource source,
                                 const PromptModelFacts& model, const TemplateRenderer& renderer) {
  std::string* text = std::get_if<std::string>(&source);
  const bool by_default = request.template_name.empty();
  const std::string name = by_default ? (text ? "raw" : "auto") : request.template_name;
  if (name == "raw") {
    if (!text || request.system) {
      return fail(ExitCode::usage,
                  std::string("the form raw has no place for ") +
                      (text ? "a system prompt" : "messages with roles"),
                  "--prompt-template", "Use --chat, or name another --prompt-template.");
    }
    const char* why =
        by_default ? "the default: the text as it is" : "asked for by --prompt-template";
    return RenderedForm{std::move(*text), {"raw", why}, false, "", false, {}};
  }
  Conversation chat;
  if (text) {
    if (!is_valid_utf8(*text) || !is_valid_utf8(request.system.value_or(""))) {
      return fail(ExitCode::usage, "a template needs valid UTF-8",
                  "byte " + std::to_string(find_invalid_utf8(*text)) + " of the prompt",
                  "Only --prompt-template raw takes any bytes.");
    }
    chat = single_turn(*text, request.system);
  } else {
    chat = std::get<Conversation>(std::move(source));
  }
  const FixedForm* fixed = find_fixed_form(name);
  return fixed ? render_fixed(*fixed, chat) : render_jinja(name, chat, model, renderer);
}

}  // namespace crossval
