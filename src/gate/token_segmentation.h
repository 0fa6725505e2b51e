// The same bytes cut at other places: which rule of the tokenizer cuts there.
#pragma once

#include <span>
#include <string>

namespace crossval {

/// Name of the rule in TokenCause's terms: pre-tokenizer-digits, -contractions, -whitespace, -case,
/// -other or merge-order. Both lists of pieces join to the same bytes.
std::string name_segmentation(std::span<const std::string> a, std::span<const std::string> b);

}  // namespace crossval
