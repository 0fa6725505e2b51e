// GPT-2's spelling of bytes: each of the 256 bytes is written as one printable character, so that
// vocabularies are text. Printable Latin-1 stands for itself, the rest follows from U+0100 on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crossval {

/// UTF-8 of the character that stands for `byte`.
std::string_view byte_level_text(uint8_t byte);

/// What `bytes` are written as.
std::string spell_byte_level(std::string_view bytes);

/// The byte that `code_point` stands for, or -1.
int byte_of_character(uint32_t code_point);

/// The bytes that `text` spells; nullopt when some character stands for no byte.
std::optional<std::string> decode_byte_level(std::string_view text);

}  // namespace crossval
