#include "prompt/form.h"

#include "base/utf8.h"
#include "prompt/fixed_forms.h"
#include "prompt/jinja_form.h"

namespace crossval {
namespace {

// What a form without a template has no place for.
Result<void> refuse_kwargs(std::string_view form, const std::string& kwargs_json) {
  if (kwargs_json == "{}") return {};
  return fail(ExitCode::usage,
              "the form " + std::string(form) + " has no template to hand variables to",
              "chat_template_kwargs", "Use --chat, or name a FILE.jinja with --prompt-template.");
}

Result<RenderedForm> render_fixed(const FixedForm& form, const Conversation& chat) {
  if (auto ok = refuse_kwargs(form.name, chat.kwargs_json); !ok) return tl::unexpected(ok.error());
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
  if (request.rendered_file) {
    // As if a template of ours had written it: its markers are tokens, its BOS is not doubled.
    return RenderedForm{
        std::move(*text), {"rendered", "the file " + *request.rendered_file}, true, "", true, {}};
  }
  const bool by_default = request.template_name.empty();
  const std::string name = by_default ? (text ? "raw" : "auto") : request.template_name;
  if (name == "raw") {
    if (!text || request.system) {
      return fail(ExitCode::usage,
                  std::string("the form raw has no place for ") +
                      (text ? "a system prompt" : "messages with roles"),
                  "--prompt-template", "Use --chat, or name another --prompt-template.");
    }
    if (auto ok = refuse_kwargs("raw", request.kwargs.value_or("{}")); !ok) {
      return tl::unexpected(ok.error());
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
  if (request.kwargs) {
    auto kwargs = merged_kwargs(chat.kwargs_json, *request.kwargs);
    if (!kwargs) return tl::unexpected(kwargs.error());
    chat.kwargs_json = *std::move(kwargs);
  }
  const FixedForm* fixed = find_fixed_form(name);
  auto form = fixed ? render_fixed(*fixed, chat) : render_jinja(name, chat, model, renderer);
  if (form && !chat.sampling_keys.empty()) {
    std::string keys;
    for (const std::string& key : chat.sampling_keys) keys += (keys.empty() ? "" : ", ") + key;
    form->warnings.push_back(
        {"request-keys-ignored",
         "keys of the request that say how to sample are not looked at: " + keys});
  }
  return form;
}

}  // namespace crossval
