// Cuts text into the words inside which BPE merges, the way upstream's expressions cut it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "tokenizer/gguf/pretokenizer_table.h"
#include "tokenizer/text/regex.h"

namespace crossval {

class PreTokenizer {
 public:
  static Result<PreTokenizer> create(const PreTokenizerEntry& entry);

  /// Where each word ends, ascending, the last one at text.size(). Words may be empty.
  Result<std::vector<size_t>> word_ends(std::span<const uint32_t> text) const;

 private:
  // What an expression is matched against.
  enum class View {
    classes,      // each character from U+0080 on replaced by the code of its category
    characters,   // themselves, white space from U+0080 on replaced by U+000B
    digit_groups  // no expression: digits in groups of three from the right
  };
  struct Step {
    View view;
    std::vector<Regex> regex;  // one, or none for digit_groups
    bool ascii_digits_only = false;
  };

  std::vector<Step> steps_;
};

}  // namespace crossval
