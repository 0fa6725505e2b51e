// Bytes from models and prompts as text that is safe to print and of known width.
#pragma once

#include <string>
#include <string_view>

namespace crossval {

/// Printable text in which every byte can be told: controls, quotes and backslashes escaped as in
/// C, bytes that are not UTF-8 as \xNN, invisible and direction-changing characters as \u{N}.
std::string escaped(std::string_view bytes);

/// Text of any source that is safe to print: like `escaped`, but quotes and backslashes stay, so
/// that a text that has been through either is not changed again.
std::string printable(std::string_view text);

/// Columns that a terminal uses for valid UTF-8 (wide characters take two, combining ones none).
int display_width(std::string_view text);

/// `text`, or as much of it as fits into `width` columns with "…" behind it.
std::string fitted(std::string_view text, int width);

/// Like fitted, but keeps the end: "…/models/a.gguf".
std::string fitted_end(std::string_view text, int width);

}  // namespace crossval
