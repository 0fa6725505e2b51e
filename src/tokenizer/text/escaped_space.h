// SentencePiece writes a space inside a piece as U+2581.
#pragma once

#include <string>
#include <string_view>

namespace crossval {

constexpr std::string_view kEscapedSpace = "\xE2\x96\x81";

/// Each space as U+2581, with one more in front when `space_before`.
std::string escape_spaces(std::string_view text, bool space_before = false);

/// Each U+2581 as a space.
std::string unescape_spaces(std::string text);

}  // namespace crossval
