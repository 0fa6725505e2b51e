#include "prompt/prompt.h"

#include "base/utf8.h"
#include "prompt/bos_policy.h"
#include "prompt/form.h"
#include "prompt/source.h"
#include "prompt/special_text.h"
#include "prompt/text_encoding.h"

namespace crossval {
namespace {

constexpr size_t kNamedHits = 3;  // special texts named in one warning

PromptDecision decide_special(Toggle toggle, const RenderedForm& form, bool& parse) {
  parse = toggle == Toggle::automatic ? form.parse_special : toggle == Toggle::on;
  const char* choice = parse ? "parsed" : "read as plain text";
  if (toggle != Toggle::automatic) {
    return {choice, std::string("asked for by --special ") + (parse ? "on" : "off")};
  }
  return {choice, parse ? "the template's markers are special tokens"
                        : "the default for the form " + form.decision.choice};
}

std::string list_hits(const std::vector<SpecialTextHit>& hits) {
  std::string text;
  for (size_t i = 0; i < hits.size() && i < kNamedHits; ++i) {
    if (i > 0) text += ", ";
    text += hits[i].text + " (byte " + std::to_string(hits[i].offset) + ")";
  }
  if (hits.size() > kNamedHits)
    text += ", and " + std::to_string(hits.size() - kNamedHits) + " more";
  return text;
}

void warn_about_text(const RenderedForm& form, const PromptModelFacts& model, Prompt& prompt) {
  const auto unseen = warn_about_unseen(prompt.text);
  prompt.warnings.insert(prompt.warnings.end(), unseen.begin(), unseen.end());
  if (const size_t at = find_invalid_utf8(prompt.text); at != prompt.text.size()) {
    prompt.warnings.push_back({"invalid-utf8", "the prompt is not valid UTF-8 from byte " +
                                                   std::to_string(at) +
                                                   " on; tokenizers replace or refuse such bytes"});
  }
  if (!prompt.tokenize.parse_special) {
    const auto hits = find_special_texts(prompt.text, model.control_texts);
    if (!hits.empty()) {
      prompt.warnings.push_back({"special-as-text",
                                 "special tokens in the prompt are read as plain "
                                 "text: " +
                                     list_hits(hits) + "; --special on makes tokens of them"});
    }
  }
  if (form.templated || prompt.tokenize.parse_special) {
    const auto hits = find_unknown_markers(prompt.text, model, form.own_words);
    if (!hits.empty()) {
      prompt.warnings.push_back(
          {"marker-unknown", (form.templated ? "the template writes " : "the prompt holds ") +
                                 list_hits(hits) +
                                 ", no special token of this model: read as plain "
                                 "text; is the template another model's?"});
    }
  }
}

}  // namespace

Result<PromptContent> render_prompt(const PromptRequest& request, const PromptModelFacts& model,
                                    const TemplateRenderer& renderer) {
  auto source = read_prompt_source(request);
  if (!source) return tl::unexpected(source.error());
  if (auto* ids = std::get_if<std::vector<TokenId>>(&*source)) {
    if (request.system || request.kwargs || !request.template_name.empty() ||
        request.bos != Toggle::automatic || request.special != Toggle::automatic) {
      return fail(ExitCode::usage, "--tokens takes the ids as they are", {},
                  "Leave out templates and their variables, --system-prompt, --bos and --special.");
    }
    return PromptContent(std::move(*ids));
  }
  if (request.bos == Toggle::on && model.bos_text.empty()) {
    return fail(ExitCode::usage, "the vocabulary has no BOS token to add", "--bos on",
                "Leave --bos at auto.");
  }
  auto form = render_form(request, *std::move(source), model, renderer);
  if (!form) return tl::unexpected(form.error());
  if (form->text.empty()) {
    return fail(ExitCode::usage, "the prompt is empty after its template", form->decision.why);
  }
  return PromptContent(*std::move(form));
}

Prompt build_prompt(const PromptRequest& request, PromptContent content,
                    const PromptModelFacts& model) {
  Prompt prompt;
  if (auto* ids = std::get_if<std::vector<TokenId>>(&content)) {
    prompt.ids = std::move(*ids);
    prompt.form = {"ids", "given by --tokens"};
    prompt.bos = {"not added", "given by --tokens"};
    prompt.special = {"not parsed", "given by --tokens"};
    return prompt;
  }
  auto& form = std::get<RenderedForm>(content);
  prompt.form = form.decision;
  prompt.special = decide_special(request.special, form, prompt.tokenize.parse_special);
  BosPolicy bos =
      decide_bos(request.bos, form.text, form.templated, prompt.tokenize.parse_special, model);
  prompt.text = std::move(form.text);
  prompt.tokenize.add_special = bos.add_special;
  prompt.prepend_bos = bos.prepend_bos;
  prompt.bos_text = model.bos_text;
  prompt.bos = std::move(bos.decision);
  prompt.warnings = std::move(form.warnings);
  prompt.warnings.insert(prompt.warnings.end(), bos.warnings.begin(), bos.warnings.end());
  warn_about_text(form, model, prompt);
  return prompt;
}

Result<std::vector<TokenId>> tokenize_prompt(const Prompt& prompt, const EncodeFn& encode) {
  if (!prompt.ids.empty()) return prompt.ids;
  auto ids = encode(prompt.text, prompt.tokenize);
  if (!ids) return ids;
  if (prompt.prepend_bos) {
    // The engine itself says which id its BOS is.
    auto bos = encode(prompt.bos_text, {.add_special = false, .parse_special = true});
    if (!bos) return bos;
    if (bos->size() != 1) {
      return fail(ExitCode::engine_failed,
                  "the tokenizer makes " + std::to_string(bos->size()) +
                      " tokens of the BOS text " + prompt.bos_text,
                  "--bos on");
    }
    ids->insert(ids->begin(), bos->front());
  }
  if (ids->empty()) {
    return fail(ExitCode::usage, "the prompt becomes no token at all", {}, "Give more text.");
  }
  return ids;
}

}  // namespace crossval
