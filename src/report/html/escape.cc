#include "report/html/escape.h"

#include <algorithm>

#include "report/text/printable.h"

namespace crossval {
namespace {

void append(std::string& html, char c) {
  switch (c) {
    case '&':
      html += "&amp;";
      break;
    case '<':
      html += "&lt;";
      break;
    case '>':
      html += "&gt;";
      break;
    case '"':
      html += "&quot;";
      break;
    case '\'':
      html += "&#39;";
      break;
    default:
      html += c;
  }
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string html;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    for (const char c : printable(text.substr(begin, end - begin))) append(html, c);
    if (end < text.size()) html += '\n';
    begin = end + 1;
  }
  return html;
}

}  // namespace crossval
