#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

// Length of the sequence at `offset` by its lead byte's bits, 0 when it is broken.
size_t sequence_length(std::string_view text, size_t offset) {
  const auto lead = static_cast<uint8_t>(text[offset]);
  size_t length = 0;
  if (lead < 0x80) {
    length = 1;
  } else if ((lead & 0xE0) == 0xC0) {
    length = 2;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3;
  } else if ((lead & 0xF8) == 0xF0) {
    length = 4;
  }
  if (length > text.size() - offset) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<uint8_t>(text[offset + i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool is_complete_sequence(std::string_view text, size_t offset) {
  return sequence_length(text, offset) != 0;
}

uint32_t next_code_point(std::string_view text, size_t* offset) {
  const size_t length = sequence_length(text, *offset);
  if (length == 0) {
    ++*offset;
    return kReplacementCharacter;
  }
  constexpr uint8_t kLeadBits[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  uint32_t code_point = static_cast<uint8_t>(text[*offset]) & kLeadBits[length];
  for (size_t i = 1; i < length; ++i) {
    code_point = code_point << 6 | (static_cast<uint8_t>(text[*offset + i]) & 0x3F);
  }
  *offset += length;
  return code_point;
}

bool is_strict_sequence(std::string_view text, size_t offset) {
  const size_t length = sequence_length(text, offset);
  if (length == 0) return false;
  constexpr uint32_t kFirst[5] = {0, 0, 0x80, 0x800, 0x10000};
  const uint32_t c = next_code_point(text, &offset);
  return c >= kFirst[length] && c <= kLastCodePoint && !(c >= 0xD800 && c <= 0xDFFF);
}

std::vector<uint32_t> decode_code_points(std::string_view text) {
  std::vector<uint32_t> result;
  result.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) result.push_back(next_code_point(text, &offset));
  return result;
}

void append_utf8(uint32_t code_point, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

}  // namespace crossval
