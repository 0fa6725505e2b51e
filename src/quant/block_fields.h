// Which bits of a block hold what, for every weight format: one table, from which random blocks are
// made and faults are planted. The decoders in this folder say what the fields mean.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "quant/format.h"

namespace crossval {

enum class FieldKind : uint8_t {
  half,      // a binary16 scale
  half_min,  // the same, of the minima; or the minimum itself
  e8m0,      // a bare exponent
  ue4m3,     // exponent and mantissa
  scale,     // integer, of a group of values
  min,       // integer, of a group of values
  code,      // the value, or an index into a table
  floats,    // sign, exponent or mantissa of a plain float
  unused,    // what no encoder sets
};

struct BlockField {
  std::string_view name;
  FieldKind kind;
  int count;  // elements in a block; element e belongs to the e-th part of its values
  int bits;   // of an element, 32 at most
  /// Where bit `bit` of an element lies: 8 · byte + bit of that byte.
  int (*place)(int element, int bit);
  int values = 1 << bits;  // that files have: 0 … values - 1

  uint32_t get(const uint8_t* block, int element) const;
  void set(uint8_t* block, int element, uint32_t value) const;
};

/// The fields of a block of a format. Every bit of a block belongs to one.
std::span<const BlockField> block_fields(WeightType type);

}  // namespace crossval
