// A text as one word of a shell.
#pragma once

#include <string>
#include <string_view>

namespace crossval {

/// In single quotes: what the text says, for bash, zsh and sh.
inline std::string shell_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

}  // namespace crossval
