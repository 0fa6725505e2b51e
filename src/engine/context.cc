#include "engine/context.h"

namespace crossval {

bool holds_all_learned(const EngineSettings& settings) {
  return settings.n_ctx_learned > 0 && settings.n_ctx >= settings.n_ctx_learned;
}

std::string context_advice(const EngineSettings& settings) {
  return holds_all_learned(settings) ? "The model has learned no more positions: shorten the prompt"
                                     : "Raise -c or shorten the prompt";
}

}  // namespace crossval
