// Text of any source inside a page.
#pragma once

#include <string>
#include <string_view>

namespace crossval {

/// As text or as an attribute's value in double quotes: bytes that are not UTF-8, controls and
/// direction-changing characters as in text reports (report/text/printable.h), then &, <, >, " and
/// ' as entities. Line breaks stay.
std::string html_escaped(std::string_view text);

}  // namespace crossval
