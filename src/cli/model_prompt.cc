#include "cli/model_prompt.h"

#include "cli/reference_program.h"
#include "gguf/file.h"
#include "prompt/jinja_process.h"

namespace crossval {

Result<ModelPrompt> build_model_prompt(const PromptRequest& request,
                                       const EngineSettings& settings) {
  ModelPrompt built;
  if (!request.token_ids) {
    const auto file = GgufFile::open(settings.model_path);
    if (!file) return tl::unexpected(file.error());
    auto facts = read_model_facts(*file, settings.add_bos, settings.add_eos);
    if (!facts) return tl::unexpected(facts.error());
    built.model = std::move(*facts);
  }
  // The renderer is looked for only when a template asks for it.
  const TemplateRenderer renderer = [](const TemplateInput& input) {
    return jinja_process(jinja_renderer())(input);
  };
  auto prompt = build_prompt(request, built.model, renderer);
  if (!prompt) return tl::unexpected(prompt.error());
  built.prompt = std::move(*prompt);
  return built;
}

}  // namespace crossval
