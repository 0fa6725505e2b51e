#include "tokenizer/text/escaped_space.h"

namespace crossval {

std::string escape_spaces(std::string_view text, bool space_before) {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  if (space_before) out += kEscapedSpace;
  for (const char c : text) {
    if (c == ' ') {
      out += kEscapedSpace;
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescape_spaces(std::string text) {
  for (size_t at = text.find(kEscapedSpace); at != std::string::npos;
       at = text.find(kEscapedSpace, at + 1)) {
    text.replace(at, kEscapedSpace.size(), " ");
  }
  return text;
}

}  // namespace crossval
