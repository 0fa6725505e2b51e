// The template that a prompt goes through: which one, and the text it gives.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "prompt/source.h"

namespace crossval {

struct RenderedForm {
  std::string text;
  PromptDecision decision;
  bool templated = false;      // something other than raw: its markers are meant as special tokens
  std::string own_words;       // templated: what the user wrote of it (text or messages JSON)
  bool parse_special = false;  // what --special auto means for it
  std::vector<PromptWarning> warnings;  // message-lost
};

/// `source` holds text or a conversation, not ids.
Result<RenderedForm> render_form(const PromptRequest& request, PromptSource source,
                                 const PromptModelFacts& model, const TemplateRenderer& renderer);

}  // namespace crossval
