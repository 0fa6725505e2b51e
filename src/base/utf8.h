// Is this text valid UTF-8, and where does it stop being so?
#pragma once

#include <cstddef>
#include <string_view>

namespace crossval {

/// Byte offset of the first byte that is not part of a well-formed sequence (Unicode 15, table 3-7:
/// no overlong forms, no surrogates, nothing above U+10FFFF); text.size() when all is well.
size_t find_invalid_utf8(std::string_view text);

inline bool is_valid_utf8(std::string_view text) { return find_invalid_utf8(text) == text.size(); }

/// Bytes at the end of `text` that begin a well-formed sequence and do not complete it: 0 to 3.
size_t incomplete_utf8_tail(std::string_view text);

}  // namespace crossval
