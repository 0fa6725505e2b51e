// One prompt for two engines, or for each its own.
#pragma once

#include <optional>

#include "prompt/model_prompt.h"
#include "prompt/prompt.h"
#include "results/comparison.h"

namespace crossval {

/// Views prompts that must outlive it.
struct PromptPair {
  const Prompt& shared;               // of both, or of the reference alone
  const Prompt* candidate = nullptr;  // where it has a text of its own

  const Prompt& of(Side side) const {
    return side == Side::candidate && candidate != nullptr ? *candidate : shared;
  }
};

/// Views a prompt that has been built for both.
inline PromptPair pair_of(const PairPrompt& built) {
  return {built.prompt, built.candidate ? &*built.candidate : nullptr};
}

/// What there is to warn about: both sides' prompts, each behind "SIDE: " where they are two.
std::vector<Warning> prompt_warnings(const PromptPair& prompts);

/// texts-differ: two texts that became the same ids.
std::optional<Warning> warn_about_texts(const PromptPair& prompts);

}  // namespace crossval
