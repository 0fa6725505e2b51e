// The two engines of a comparison and what they are to see, as prompted_engine.h has it for one.
#pragma once

#include "base/error.h"
#include "launch/choice.h"
#include "launch/launch.h"
#include "launch/made_pair.h"
#include "prompt/model_prompt.h"
#include "prompt/template_renderer.h"

namespace crossval {

struct PromptedPairChoice {
  ChosenPair pair;
  PairPromptContent prompt;
};

/// Checks the engines and reads the prompt. Errors: those of choose_pair and read_pair_prompt, in
/// this order; usage (a prompt beside a file that has its own).
Result<PromptedPairChoice> choose_prompted_pair(const PairChoice& choice,
                                                const PromptRequest& prompt,
                                                const OpenedFiles& files,
                                                const TemplateRenderer& renderer);

struct PromptedPair {
  MadePair engines;
  PairPrompt prompt;
  EnginePairSpecs specs;   // that they were made of
  bool by_chunks = false;  // the prompt is that of the rows of several prompts
  bool by_chat = false;    // and here that of what a chat server wrote
  double resolution = 0;   // ChosenPair::resolution
};

/// Loads the engines. A side that is a chat server is asked there and then to go on with the
/// conversation (answer_chat). Errors: those of make_pair and answer_chat.
Result<PromptedPair> open_prompted_pair(PromptedPairChoice choice, const Launch& launch);

}  // namespace crossval
