// The template that a prompt goes through: which one, and the text it gives.
#pragma once

#include "base/error.h"
#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "prompt/source.h"

namespace crossval {

/// `source` holds text or a conversation, not ids.
Result<RenderedForm> render_form(const PromptRequest& request, PromptSource source,
                                 const PromptModelFacts& model, const TemplateRenderer& renderer);

}  // namespace crossval
