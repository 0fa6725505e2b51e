#include "prompt/form.h"

#include "base/utf8.h"
#include "prompt/fixed_forms.h"
#include "prompt/jinja_form.h"

namespace crossval {
namespace {

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
