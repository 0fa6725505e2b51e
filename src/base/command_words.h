// A command as a shell would take it apart, without a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

/// The words at the head of `text`, which keeps what is behind the comma that ends them (nothing
/// when none does). Blanks part words; '…' keeps what is in it, "…" too but for \" and \\, and a
/// backslash keeps the character behind it. There are no variables, patterns or redirections.
/// Errors (usage, what only): a quote that is not closed, a backslash at the end, no word.
Result<std::vector<std::string>> take_command(std::string_view& text);

}  // namespace crossval
