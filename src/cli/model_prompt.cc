#include "cli/model_prompt.h"

#include <utility>

#include "cli/reference_program.h"
#include "gguf/file.h"
#include "prompt/jinja_process.h"

namespace crossval {

Result<ModelPromptContent> read_model_prompt(const PromptOptions& options,
                                             const std::string& model_path) {
  auto request = prompt_request(options);
  if (!request) return tl::unexpected(request.error());
  PromptModelFacts model;
  if (!request->token_ids) {
    const auto file = GgufFile::open(model_path);
    if (!file) return tl::unexpected(file.error());
    auto facts = read_model_facts(*file);
    if (!facts) return tl::unexpected(facts.error());
    model = *std::move(facts);
  }
  // The renderer is looked for only when a template asks for it.
  const TemplateRenderer renderer = [](const TemplateInput& input) {
    return jinja_process(jinja_renderer())(input);
  };
  auto content = render_prompt(*request, model, renderer);
  if (!content) return tl::unexpected(content.error());
  return ModelPromptContent{*std::move(request), std::move(model), *std::move(content)};
}

ModelPrompt build_model_prompt(ModelPromptContent read, const EngineSettings& settings) {
  read.model.add_bos = settings.add_bos;
  read.model.add_eos = settings.add_eos;
  Prompt prompt = build_prompt(read.request, std::move(read.content), read.model);
  return {std::move(prompt), std::move(read.model)};
}

}  // namespace crossval
