#include "cli/model_prompt.h"

#include <utility>

#include "cli/engine_factory.h"
#include "cli/interrupt.h"
#include "cli/reference_program.h"
#include "gguf/file.h"
#include "prompt/jinja_process.h"

namespace crossval {

Result<PromptModelFacts> read_facts(const PromptRequest& request, const EngineSpec& engine,
                                    const EngineDefaults& defaults) {
  if (request.token_ids) return PromptModelFacts{};
  const auto file = GgufFile::open(model_path(engine, defaults));
  if (!file) return tl::unexpected(file.error());
  auto facts = read_model_facts(*file);
  const std::string tokenizer = tokenizer_path(engine);
  if (!facts || tokenizer.empty()) return facts;
  if (auto ok = take_tokenizer_file(tokenizer, *facts); !ok) return tl::unexpected(ok.error());
  return facts;
}

Result<ModelPromptContent> read_model_prompt(const PromptOptions& options, const EngineSpec& engine,
                                             const EngineDefaults& defaults,
                                             const Console& console) {
  auto request = prompt_request(options);
  if (!request) return tl::unexpected(request.error());
  auto model = read_facts(*request, engine, defaults);
  if (!model) return tl::unexpected(model.error());
  // The renderer is looked for, and built, only when a template asks for it.
  std::string program;
  const TemplateRenderer renderer = [&](const TemplateInput& input) -> Result<std::string> {
    const Interruption interruption;
    if (program.empty()) {
      auto found = jinja_renderer(console, interruption.token());
      if (!found) return tl::unexpected(found.error());
      program = *std::move(found);
    }
    return jinja_process(program, interruption.token())(input);
  };
  auto content = render_prompt(*request, *model, renderer);
  if (!content) return tl::unexpected(content.error());
  return ModelPromptContent{*std::move(request), *std::move(model), *std::move(content)};
}

ModelPrompt build_model_prompt(ModelPromptContent read, const EngineSettings& settings) {
  read.model.add_bos = settings.add_bos;
  read.model.add_eos = settings.add_eos;
  Prompt prompt = build_prompt(read.request, std::move(read.content), read.model);
  return {std::move(prompt), std::move(read.model)};
}

}  // namespace crossval
