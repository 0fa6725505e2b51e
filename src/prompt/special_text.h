// Texts of special tokens inside a prompt: which are there, and which only look like one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/model_facts.h"

namespace crossval {

struct SpecialTextHit {
  std::string text;
  size_t offset = 0;  // byte offset of its first occurrence
};

/// Each of `texts` that occurs in `prompt`, by offset.
std::vector<SpecialTextHit> find_special_texts(std::string_view prompt,
                                               const std::vector<std::string>& texts);

/// Each distinct marker of the kinds chat templates write (<|name|>, <start_of_x>, <end_of_x>) that
/// is no token of the model's and does not occur in `own_words`, by offset.
std::vector<SpecialTextHit> find_unknown_markers(std::string_view prompt,
                                                 const PromptModelFacts& model,
                                                 std::string_view own_words);

}  // namespace crossval
