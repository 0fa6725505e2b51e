// Splits text at the matches of an expression or of characters, as tokenizer.json's Split,
// Punctuation and Digits do.
#pragma once

#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/text/regex.h"

namespace crossval {

/// All matches, in bytes of `text`, which is valid UTF-8.
Result<std::vector<RegexMatch>> regex_matches(const Regex& regex, std::string_view text);

enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

class HfSplitter {
 public:
  using IsMatch = bool (*)(uint32_t code_point);

  /// Each character for which `is_match` holds is a match.
  HfSplitter(IsMatch is_match, SplitBehavior behavior)
      : pattern_(is_match), behavior_(behavior), invert_(false) {}
  HfSplitter(std::shared_ptr<Regex> regex, SplitBehavior behavior, bool invert)
      : pattern_(std::move(regex)), behavior_(behavior), invert_(invert) {}

  /// Appends the parts of `text`, none of them empty. `text` is valid UTF-8.
  Result<void> split(std::string_view text, std::vector<std::string_view>* parts) const;

 private:
  struct Stretch {
    size_t begin;
    size_t end;
    bool match;
  };
  Result<std::vector<Stretch>> stretches(std::string_view text) const;

  std::variant<IsMatch, std::shared_ptr<Regex>> pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

}  // namespace crossval
