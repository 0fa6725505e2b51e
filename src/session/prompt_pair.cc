#include "session/prompt_pair.h"

#include <fmt/format.h>

#include "gate/text_difference.h"
#include "session/prompt_record.h"

namespace crossval {

std::vector<Warning> prompt_warnings(const PromptPair& prompts) {
  if (prompts.candidate == nullptr) return prompt_warnings(prompts.shared);
  std::vector<Warning> warnings;
  for (const Side side : {Side::candidate, Side::reference}) {
    const char* label = side == Side::candidate ? "candidate: " : "reference: ";
    for (Warning& warning : prompt_warnings(prompts.of(side))) {
      warnings.push_back({std::move(warning.name), label + warning.message});
    }
  }
  return warnings;
}

std::optional<Warning> warn_about_texts(const PromptPair& prompts) {
  if (prompts.candidate == nullptr) return std::nullopt;
  const auto texts = find_text_difference(prompts.candidate->text, prompts.shared.text);
  if (!texts) return std::nullopt;
  return Warning{
      "texts-differ",
      fmt::format("the two sides' texts differ from byte {} (line {}) on and become the "
                  "same ids: candidate {}, reference {}",
                  texts->offset, texts->line, texts->candidate_place, texts->reference_place)};
}

}  // namespace crossval
