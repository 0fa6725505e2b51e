#include "engine/context.h"

#include <fmt/format.h>

namespace crossval {

bool holds_all_learned(const EngineSettings& settings) {
  return settings.n_ctx_learned > 0 && settings.n_ctx >= settings.n_ctx_learned;
}

std::string context_advice(const EngineSettings& settings) {
  return holds_all_learned(settings) ? "The model has learned no more positions: shorten the prompt"
                                     : "Raise -c or shorten the prompt";
}

Result<void> check_fits(const EngineSettings& settings, int64_t prompt, int64_t steps,
                        const std::string& engine) {
  if (prompt + steps <= settings.n_ctx) return {};
  return fail(ExitCode::usage,
              fmt::format("a prompt of {} tokens and {} decode steps do not fit into a context "
                          "of {}",
                          prompt, steps, settings.n_ctx),
              engine, context_advice(settings) + ", or lower --max-tokens.");
}

std::optional<EngineWarning> beyond_trained_context(const EngineSettings& settings,
                                                    int64_t positions) {
  const bool stretched = !settings.rope.ends_with(" scale 1") || !settings.context_class.empty();
  if (settings.n_ctx_train <= 0 || positions <= settings.n_ctx_train || stretched) return {};
  return EngineWarning{
      "beyond-trained-context",
      fmt::format("{} positions are more than the {} that the model was trained on, and nothing "
                  "scales its rotations: from there on it may write nonsense in any engine",
                  positions, settings.n_ctx_train)};
}

}  // namespace crossval
