// Random codes whose mean is chosen: every bit of a code is set with the same probability p, so
// that codes of b bits have the mean p · (2^b - 1) and all of them occur.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "quant/block_fields.h"

namespace crossval {

class BiasedBits {
 public:
  /// For codes in `groups` parts of a block of `block_bytes`.
  BiasedBits(const BlockField& code, int groups, int block_bytes);

  int groups() const { return static_cast<int>(parts_.size()); }

  /// Draws all codes of a block. `eighths`: of each group 8 · p, in 1 … 7.
  void draw(Random& random, std::span<const uint8_t> eighths, uint8_t* block) const;

 private:
  struct Part {  // the bits of a group's codes within eight bytes
    int word;
    uint64_t bits;
  };
  std::vector<std::vector<Part>> parts_;  // by group
  std::vector<uint64_t> codes_;           // all bits of codes, by word
  int block_bytes_;
};

}  // namespace crossval
