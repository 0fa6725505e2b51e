#include "session/prompt_record.h"

namespace crossval {

PromptRecord prompt_record(const Prompt& prompt) {
  return {prompt.text,    prompt.form.choice,    prompt.form.why,   prompt.bos.choice,
          prompt.bos.why, prompt.special.choice, prompt.special.why};
}

std::vector<Warning> prompt_warnings(const Prompt& prompt) {
  std::vector<Warning> warnings;
  warnings.reserve(prompt.warnings.size());
  for (const PromptWarning& warning : prompt.warnings) {
    warnings.push_back({warning.name, warning.message});
  }
  return warnings;
}

std::vector<Warning> all_warnings(const Prompt& prompt, const Engine& engine) {
  std::vector<Warning> warnings = prompt_warnings(prompt);
  for (const EngineWarning& warning : engine.info().warnings) {
    warnings.push_back({warning.name, warning.message});
  }
  return warnings;
}

}  // namespace crossval
