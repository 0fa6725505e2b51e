// Where the texts of the two sides part, when each was given its own.
#pragma once

#include <optional>
#include <string_view>

#include "results/token_mismatch.h"

namespace crossval {

/// Nothing when the texts are the same.
std::optional<TextDifference> find_text_difference(std::string_view candidate,
                                                   std::string_view reference);

}  // namespace crossval
