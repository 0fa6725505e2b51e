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

void append_warnings(const EngineInfo& engine, const std::string& label,
                     std::vector<Warning>& warnings, size_t first) {
  const std::string head = label.empty() ? label : label + ": ";
  for (size_t i = first; i < engine.warnings.size(); ++i) {
    warnings.push_back({engine.warnings[i].name, head + engine.warnings[i].message});
  }
}

std::vector<Warning> all_warnings(const Prompt& prompt, const Engine& engine) {
  std::vector<Warning> warnings = prompt_warnings(prompt);
  append_warnings(engine.info(), "", warnings);
  return warnings;
}

}  // namespace crossval
