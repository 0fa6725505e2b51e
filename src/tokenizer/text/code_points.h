// Bytes to code points and back, as upstream reads text that may be no UTF-8 at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crossval {

constexpr uint32_t kReplacementCharacter = 0xFFFD;
constexpr std::string_view kReplacementUtf8 = "\xEF\xBF\xBD";
constexpr uint32_t kLastCodePoint = 0x10FFFF;

/// Reads one code point at text[*offset] and moves past it. A byte that begins no complete sequence
/// gives U+FFFD, one byte a time. Overlong forms and surrogates are read as what they spell, and
/// four-byte forms above U+10FFFF too.
uint32_t next_code_point(std::string_view text, size_t* offset);

/// False where next_code_point would replace the byte at `offset`.
bool is_complete_sequence(std::string_view text, size_t offset);

/// Whether well-formed UTF-8 stands at `offset`: complete, no overlong form, no surrogate, at most
/// U+10FFFF.
bool is_strict_sequence(std::string_view text, size_t offset);

std::vector<uint32_t> decode_code_points(std::string_view text);

/// code_point <= kLastCodePoint; surrogates are written in three bytes like their neighbours.
void append_utf8(uint32_t code_point, std::string* out);

/// Bytes that a sequence led by `lead` claims to have; 1 for a continuation byte.
inline size_t claimed_length(char lead) {
  constexpr uint8_t kLength[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
  return kLength[static_cast<uint8_t>(lead) >> 4];
}

}  // namespace crossval
