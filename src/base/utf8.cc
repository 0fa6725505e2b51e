#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace crossval {
namespace {

// Length of the well-formed sequence at the start of `text` (not empty); 0 when there is none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  // The second byte's range rules out overlong forms (E0, F0), surrogates (ED) and > U+10FFFF (F4).
  size_t length = 0;
  uint8_t low = 0x80, high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// With some continuation bytes behind it, it is a sequence: no lead byte refuses both 80 and BF.
bool begins_sequence(std::string_view text) {
  for (const char filler : {'\x80', '\xBF'}) {
    std::string whole(text);
    while (whole.size() < 4) {
      whole += filler;
      if (sequence_length(whole) == whole.size()) return true;
    }
  }
  return false;
}

}  // namespace

size_t find_invalid_utf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = sequence_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

size_t incomplete_utf8_tail(std::string_view text) {
  for (size_t n = std::min<size_t>(3, text.size()); n > 0; --n) {
    if (begins_sequence(text.substr(text.size() - n))) return n;
  }
  return 0;
}

}  // namespace crossval
