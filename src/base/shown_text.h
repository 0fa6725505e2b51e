// Text that came from a file, as a message quotes it.
#pragma once

#include <string>
#include <string_view>

namespace crossval {

/// The text in double quotes: control characters and bytes that are no UTF-8 as \xNN, quotes and
/// backslashes escaped, and no more than the first 100 bytes of it, then "…".
std::string shown_text(std::string_view text);

}  // namespace crossval
