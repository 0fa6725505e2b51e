#include "tokenizer/text/byte_level.h"

#include <array>

#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

constexpr uint32_t kFirstStandIn = 0x100;
constexpr int kStandIns = 68;  // bytes that are no printable Latin-1 character

constexpr bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Tables {
  std::array<std::string, 256> text;
  std::array<int, kFirstStandIn + kStandIns> byte;
};

const Tables& tables() {
  static const Tables built = [] {
    Tables t;
    t.byte.fill(-1);
    uint32_t stand_in = kFirstStandIn;
    for (int b = 0; b < 256; ++b) {
      const uint32_t c = stands_for_itself(b) ? static_cast<uint32_t>(b) : stand_in++;
      t.byte[c] = b;
      append_utf8(c, &t.text[static_cast<size_t>(b)]);
    }
    return t;
  }();
  return built;
}

}  // namespace

std::string_view byte_level_text(uint8_t byte) { return tables().text[byte]; }

std::string spell_byte_level(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) text += byte_level_text(static_cast<uint8_t>(c));
  return text;
}

int byte_of_character(uint32_t code_point) {
  const auto& table = tables().byte;
  return code_point < table.size() ? table[code_point] : -1;
}

std::optional<std::string> decode_byte_level(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    // U+FFFD for a broken byte stands for no byte either.
    const int byte = byte_of_character(next_code_point(text, &offset));
    // An overlong form of the character is another text: no word is ever spelled with it.
    if (byte < 0 || byte_level_text(static_cast<uint8_t>(byte)).size() != offset - start) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

}  // namespace crossval
