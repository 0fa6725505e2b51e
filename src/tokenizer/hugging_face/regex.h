// Regular expressions of tokenizer.json, which are Oniguruma's, as PCRE2 expressions that match the
// same.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval {

/// White_Space of Unicode, to stand between brackets.
inline constexpr std::string_view kUnicodeSpaceSet =
    R"(\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
/// What a word consists of (\w), to stand between brackets.
inline constexpr std::string_view kUnicodeWordSet = R"(\p{L}\p{M}\p{N}\p{Pc})";

/// Translates white space and word classes, line anchors, \uHHHH, classes inside classes and
/// intersections with a class, and repetition of an interval. Errors (bad_input_file): constructs
/// that would mean something else to PCRE2; `where` names the place.
Result<std::string> pcre_of_oniguruma(std::string_view pattern, const std::string& where);

}  // namespace crossval
