// A page that is one file: no network, light and dark, narrow and wide.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace crossval {

/// The document around `body`, which is HTML. `title` is text.
std::string html_page(std::string_view title, std::string_view body);

/// A part of a page under a heading; empty when `content`, HTML, is.
std::string html_section(std::string_view heading, std::string_view content);

/// Cells of a table's head, each with the button that sorts by its column. `names` are texts.
std::string html_sortable_heads(std::initializer_list<std::string_view> names);

/// A text report's lines as they are.
std::string html_lines(std::string_view text);

/// A command that reproduces the run, with a button that copies it.
std::string html_command(std::string_view command);

}  // namespace crossval
