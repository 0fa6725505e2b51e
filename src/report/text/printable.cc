#include "report/text/printable.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <vector>

#include "base/utf8.h"

namespace crossval {
namespace {

struct Character {
  int32_t code = 0;
  std::string_view bytes;
};

// The next character of non-empty valid UTF-8.
Character next_character(std::string_view text) {
  Character next;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &next.code);
  next.bytes = text.substr(0, size > 0 ? static_cast<size_t>(size) : 1);
  return next;
}

std::vector<Character> characters(std::string_view text) {
  std::vector<Character> all;
  while (!text.empty()) {
    all.push_back(next_character(text));
    text.remove_prefix(all.back().bytes.size());
  }
  return all;
}

// Would not be seen, or would change how its neighbours are seen.
bool is_invisible(int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    case UTF8PROC_CATEGORY_ZS:
      return code != ' ';
    default:
      return false;
  }
}

std::string printable_character(const Character& character) {
  switch (character.code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (character.code < 0x20 || character.code == 0x7f) {
    return fmt::format("\\x{:02x}", character.code);
  }
  if (is_invisible(character.code)) return fmt::format("\\u{{{:x}}}", character.code);
  return std::string(character.bytes);
}

std::string escaped_character(const Character& character) {
  if (character.code == '"') return "\\\"";
  if (character.code == '\\') return "\\\\";
  return printable_character(character);
}

template <class Show>
std::string shown(std::string_view bytes, const Show& show) {
  std::string text;
  while (!bytes.empty()) {
    const size_t valid = find_invalid_utf8(bytes);
    for (const Character& character : characters(bytes.substr(0, valid))) text += show(character);
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    bytes.remove_prefix(1);
  }
  return text;
}

}  // namespace

std::string escaped(std::string_view bytes) { return shown(bytes, escaped_character); }

std::string printable(std::string_view text) { return shown(text, printable_character); }

int display_width(std::string_view text) {
  int width = 0;
  for (const Character& character : characters(text)) width += utf8proc_charwidth(character.code);
  return width;
}

std::string fitted(std::string_view text, int width) {
  if (display_width(text) <= width) return std::string(text);
  std::string kept;
  int used = 1;  // the ellipsis
  for (const Character& character : characters(text)) {
    used += utf8proc_charwidth(character.code);
    if (used > width) break;
    kept += character.bytes;
  }
  return kept + "…";
}

std::string fitted_end(std::string_view text, int width) {
  int left = display_width(text);
  if (left <= width) return std::string(text);
  while (!text.empty() && left > width - 1) {
    const Character first = next_character(text);
    left -= utf8proc_charwidth(first.code);
    text.remove_prefix(first.bytes.size());
  }
  return "…" + std::string(text);
}

}  // namespace crossval
