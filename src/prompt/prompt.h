// From what the user asked for to the one text that both engines tokenise.
//
// Every command builds its prompt here, so generation and comparison cannot tokenise differently.
// Each choice made on the way (template, BOS, special tokens) is recorded with its reason. Whatever
// can be refused is refused by render_prompt, which needs the model file but no engine.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "prompt/model_facts.h"
#include "prompt/request.h"
#include "prompt/template_renderer.h"

namespace crossval {

/// One choice with its reason, e.g. {"added", "the model file says so
/// (tokenizer.ggml.add_bos_token)"}.
struct PromptDecision {
  std::string choice;
  std::string why;
};

/// Something that makes the ids other than a user would expect. `name` is stable (docs/prompts.md):
/// arguments-escaped, bos-doubled, bos-missing, byte-order-mark, crlf, eos-dropped, invalid-utf8,
/// kwargs-lost, marker-unknown, message-lost, request-keys-ignored, special-as-text, tools-lost,
/// tool-calls-lost.
struct PromptWarning {
  std::string name;
  std::string message;
};

/// The text that a template made of what the user gave; never empty.
struct RenderedForm {
  std::string text;
  PromptDecision decision;
  bool templated = false;      // something other than raw: its markers are meant as special tokens
  std::string own_words;       // templated: what the user wrote of it (text or messages JSON)
  bool parse_special = false;  // what --special auto means for it
  std::vector<PromptWarning> warnings;  // of what the template lost
};

/// The rendered text, or the user's ids.
using PromptContent = std::variant<RenderedForm, std::vector<TokenId>>;

struct Prompt {
  std::string text;          // rendered; empty when the user gave token ids
  std::vector<TokenId> ids;  // the user's ids; empty when there is text to tokenise
  TokenizeOptions tokenize;
  bool prepend_bos = false;  // --bos on where the model file adds none
  std::string bos_text;      // of the vocabulary; empty when it has none

  PromptDecision form;     // which template, and where it came from
  PromptDecision bos;      // added or not
  PromptDecision special;  // special tokens in the text parsed or not
  std::vector<PromptWarning> warnings;
};

/// Reads the request's files and renders. `renderer` is asked only when a Jinja template is needed;
/// of `model`, add_bos and add_eos are not looked at. Errors: usage (nothing or several things
/// given, empty prompt, bad id, a template that cannot take what was given, a BOS to add that the
/// vocabulary lacks), bad_input_file (unreadable file, malformed messages or template).
Result<PromptContent> render_prompt(const PromptRequest& request, const PromptModelFacts& model,
                                    const TemplateRenderer& renderer);

/// The prompt of `content`, which render_prompt made of the same request and model.
Prompt build_prompt(const PromptRequest& request, PromptContent content,
                    const PromptModelFacts& model);

/// One engine's own tokenizer (Engine::tokenize or a tokenizer file).
using EncodeFn = std::function<Result<std::vector<TokenId>>(std::string_view text,
                                                            const TokenizeOptions& options)>;

/// The prompt's ids by one engine's tokenizer, or the ids the user gave. Never empty: a text that
/// becomes no token is an error (usage).
Result<std::vector<TokenId>> tokenize_prompt(const Prompt& prompt, const EncodeFn& encode);

}  // namespace crossval
