// A conversation through a Jinja template: in the shape that the template takes, with a word about
// whatever it does not show.
#pragma once

#include "base/error.h"
#include "prompt/conversation.h"
#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "prompt/template_renderer.h"

namespace crossval {

/// `name` is auto (the model's own template) or the path of a template file. Errors: usage (no such
/// file), bad_input_file (the model has no template, or it cannot be rendered), the renderer's.
Result<RenderedForm> render_jinja(const std::string& name, const Conversation& chat,
                                  const PromptModelFacts& model, const TemplateRenderer& renderer);

}  // namespace crossval
