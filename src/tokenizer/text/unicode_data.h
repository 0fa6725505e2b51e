// The Unicode properties that upstream's splitting is defined by: its own tables, not the host
// library's, since versions of Unicode differ in what they call a letter.
#pragma once

#include <cstdint>

namespace crossval {

/// General category, first letter only; upstream's values.
enum class UnicodeCategory : uint8_t {
  none = 0x00,
  undefined = 0x01,
  number = 0x02,
  letter = 0x04,
  separator = 0x08,
  mark = 0x10,
  punctuation = 0x20,
  symbol = 0x40,
  control = 0x80,
};

/// `undefined` above U+10FFFF.
UnicodeCategory unicode_category(uint32_t code_point);
bool is_unicode_whitespace(uint32_t code_point);
/// Simple lower case; the code point itself when it has none.
uint32_t unicode_lowercase(uint32_t code_point);
/// First code point of the canonical decomposition (upstream's accent stripping keeps only that).
uint32_t unicode_decomposition_base(uint32_t code_point);
/// Upstream's Han ranges: by block, whether assigned or not.
bool is_han(uint32_t code_point);

}  // namespace crossval
