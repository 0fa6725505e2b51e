#include "cli/prompted_engine.h"

#include <utility>

#include "cli/engine_factory.h"
#include "cli/model_prompt.h"

namespace crossval {

Result<PromptedEngine> open_prompted_engine(const PromptOptions& prompt,
                                            const SingleEngineOptions& engine,
                                            const Console& console) {
  const auto spec = single_engine(engine);
  if (!spec) return tl::unexpected(spec.error());
  auto read = read_model_prompt(prompt, *spec, engine.defaults, console);
  if (!read) return tl::unexpected(read.error());
  auto interruption = std::make_unique<Interruption>();
  auto made = make_engine(*spec, engine.defaults, console, interruption->token());
  if (!made) return tl::unexpected(made.error());
  ModelPrompt built = build_model_prompt(*std::move(read), (*made)->info().settings);
  return PromptedEngine{std::move(interruption), *std::move(made), std::move(built.prompt)};
}

}  // namespace crossval
