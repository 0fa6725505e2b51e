#include "gate/token_text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/utf8.h"

namespace crossval {
namespace {

constexpr size_t kShownPieces = 12;

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

struct Form {
  const char* name;
  int options;
};
constexpr Form kForms[] = {
    {"NFC or NFD", UTF8PROC_COMPOSE | UTF8PROC_STABLE},
    {"NFKC or NFKD", UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_STABLE},
    {"lower case", UTF8PROC_CASEFOLD},
    {"accents stripped", UTF8PROC_STRIPMARK | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD},
};

std::string mapped(std::string_view text, int options) {
  utf8proc_uint8_t* result = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &result,
                                   static_cast<utf8proc_option_t>(options));
  if (length < 0) return {};
  std::string mapped_text(reinterpret_cast<const char*>(result), static_cast<size_t>(length));
  std::free(result);
  return mapped_text;
}

std::string without_blanks(const std::string& text) {
  std::string kept;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') kept += c;
  }
  return kept;
}

}  // namespace

std::string show_bytes(std::string_view bytes) {
  std::string shown;
  while (!bytes.empty()) {
    const size_t valid = find_invalid_utf8(bytes);
    for (const char c : bytes.substr(0, valid)) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\n') {
        shown += "\\n";
      } else if (c == '\r') {
        shown += "\\r";
      } else if (c == '\t') {
        shown += "\\t";
      } else if (byte < 0x20 || byte == 0x7F) {
        shown += fmt::format("\\x{:02X}", byte);
      } else {
        shown += c;
      }
    }
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    shown += fmt::format("\\x{:02X}", static_cast<unsigned char>(bytes[0]));
    bytes.remove_prefix(1);
  }
  return shown;
}

std::string show_pieces(std::span<const std::string> pieces) {
  if (pieces.empty()) return "nothing";
  std::string shown;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces.size() > kShownPieces && i == kShownPieces / 2) {
      shown += fmt::format("…{} more…", pieces.size() - kShownPieces);
      i = pieces.size() - kShownPieces / 2;
    }
    shown += "[" + show_bytes(pieces[i]) + "]";
  }
  return shown;
}

std::string show_place(std::string_view text, size_t at, size_t context) {
  size_t begin = at > context ? at - context : 0;
  size_t end = std::min(text.size(), at + context);
  while (begin < at && begin > 0 && continues_character(text[begin])) ++begin;
  while (end > at && end < text.size() && continues_character(text[end])) --end;
  return fmt::format("{}{} >|< {}{}", begin > 0 ? "…" : "",
                     show_bytes(text.substr(begin, at - begin)),
                     show_bytes(text.substr(at, end - at)), end < text.size() ? "…" : "");
}

std::string name_normalisation(const std::string& a, const std::string& b) {
  if (a == b) return {};
  for (const Form& form : kForms) {
    const std::string left = mapped(a, form.options);
    if (!left.empty() && left == mapped(b, form.options)) return form.name;
  }
  const std::string left = without_blanks(a);
  return !left.empty() && left == without_blanks(b) ? "blanks" : "";
}

std::string name_form_that_holds(std::string_view text, std::string_view part) {
  if (part.starts_with(' ')) part.remove_prefix(1);
  if (part.empty() || text.find(part) != std::string_view::npos) return {};
  for (const Form& form : kForms) {
    const std::string wanted = mapped(part, form.options);
    if (!wanted.empty() && mapped(text, form.options).find(wanted) != std::string::npos) {
      return form.name;
    }
  }
  return {};
}

}  // namespace crossval
