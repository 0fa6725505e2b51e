// Where the texts of the two sides part, when each was given its own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crossval {

struct TextDifference {
  size_t offset = 0;                             // byte of the first character that differs
  size_t line = 1;                               // the line it is on, from 1
  std::string candidate_place, reference_place;  // "…before >|< after…"
};

/// Nothing when the texts are the same.
std::optional<TextDifference> find_text_difference(std::string_view candidate,
                                                   std::string_view reference);

}  // namespace crossval
