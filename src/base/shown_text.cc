#include "base/shown_text.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace crossval {

std::string shown_text(std::string_view text) {
  constexpr size_t kMost = 100;
  std::string_view rest = text.substr(0, kMost);
  if (text.size() > kMost) rest.remove_suffix(incomplete_utf8_tail(rest));
  std::string shown = "\"";
  while (!rest.empty()) {
    const size_t valid = find_invalid_utf8(rest);
    for (const char c : rest.substr(0, valid)) {
      if (c == '"' || c == '\\') shown += '\\';
      const auto code = static_cast<unsigned char>(c);
      shown += code < 0x20 || code == 0x7F ? fmt::format("\\x{:02x}", code) : std::string(1, c);
    }
    rest.remove_prefix(valid);
    if (rest.empty()) break;
    shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(rest.front()));
    rest.remove_prefix(1);
  }
  return shown + (text.size() > kMost ? "…\"" : "\"");
}

}  // namespace crossval
