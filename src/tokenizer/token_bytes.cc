#include "tokenizer/token_bytes.h"

#include <fmt/format.h>

#include <cstdlib>

#include "tokenizer/gguf/rwkv.h"
#include "tokenizer/text/byte_level.h"
#include "tokenizer/text/code_points.h"
#include "tokenizer/text/escaped_space.h"

namespace crossval {
namespace {

// A character that stands for no byte is shown as upstream shows it, the whole text with it.
std::string bytes_of_spelling(const std::string& text) {
  std::string out;
  for (size_t offset = 0; offset < text.size();) {
    const uint32_t c = next_code_point(text, &offset);
    const int byte = byte_of_character(c);
    if (byte >= 0) {
      out.push_back(static_cast<char>(byte));
      continue;
    }
    std::string utf8;
    append_utf8(std::min(c, kLastCodePoint), &utf8);
    out += "[UNK_BYTE_0x";
    for (const char part : utf8) out += fmt::format("{:02x}", static_cast<uint8_t>(part));
    out += text + "]";
  }
  return out;
}

// Of "<0x4A>"; as much of the two digits as is hexadecimal.
std::string named_byte(const std::string& text) {
  const std::string digits = text.size() > 3 ? text.substr(3, 2) : std::string();
  return std::string(1, static_cast<char>(std::strtol(digits.c_str(), nullptr, 16)));
}

}  // namespace

std::string token_bytes(const Vocabulary& vocabulary, int32_t id) {
  const VocabularyToken& token = vocabulary.tokens[static_cast<size_t>(id)];
  if (vocabulary.family == VocabularyFamily::rwkv) return unescape_rwkv(token.text);
  if (vocabulary.family == VocabularyFamily::plamo2) {
    const bool byte = vocabulary.has(id, kTokenByte) && token.text.size() == 6;
    return byte ? named_byte(token.text) : token.text;
  }
  const bool verbatim = vocabulary.has(id, kTokenUnknown | kTokenControl | kTokenUserDefined);
  if (verbatim) return token.text;
  if (vocabulary.has(id, kTokenNormal)) {
    const bool spelled =
        vocabulary.family == VocabularyFamily::bpe && !vocabulary.escape_whitespaces;
    return spelled ? bytes_of_spelling(token.text) : unescape_spaces(token.text);
  }
  if (vocabulary.has(id, kTokenByte)) return named_byte(token.text);
  return {};
}

}  // namespace crossval
