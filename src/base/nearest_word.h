// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossval {

/// The word with the fewest edits (insert, delete, replace, swap of neighbours) from `typed`, when
/// they are few enough to be a slip: at most a third of its length, and at least one. Without such
/// a slip the shortest word that begins with `typed`, of four characters or more. Empty when none
/// is.
std::string nearest_word(std::string_view typed, const std::vector<std::string>& known);

}  // namespace crossval
