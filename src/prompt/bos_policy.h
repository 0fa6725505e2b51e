// Whether a BOS token is added in front of the rendered text, and why.
#pragma once

#include <string_view>
#include <vector>

#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "prompt/request.h"

namespace crossval {

struct BosPolicy {
  bool add_special = true;   // leave it to each engine's tokenizer, as the model file says
  bool prepend_bos = false;  // put there by us: the model file adds none
  PromptDecision decision;
  std::vector<PromptWarning> warnings;  // bos-doubled, bos-missing, eos-dropped
};

/// `templated`: the text was written by a template, which may have put the BOS there itself;
/// `parse_special`: BOS text in `text` becomes the BOS token. With `toggle` on there is a BOS.
BosPolicy decide_bos(Toggle toggle, std::string_view text, bool templated, bool parse_special,
                     const PromptModelFacts& model);

}  // namespace crossval
