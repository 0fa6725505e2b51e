// Random weights in any format, made as blocks rather than quantised: every field of a block varies
// by itself over all that it can hold, so that no field can be read for another unnoticed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "base/random.h"
#include "quant/block_fields.h"
#include "quant/format.h"
#include "synth/biased_bits.h"

namespace crossval {

/// A source of weights of one format.
class RandomWeights {
 public:
  /// About mean 0 and standard deviation `sigma` (formats with coarse scales: within their steps).
  RandomWeights(const WeightFormat& format, float sigma);

  /// Fills `out`, whole blocks.
  void fill(Random& random, std::span<std::byte> out) const;

 private:
  void draw_block(Random& random, float scale, uint8_t* block) const;
  void draw_codes(Random& random, float d, float min, uint8_t* block) const;
  float unit_size() const;

  const WeightFormat& format_;
  std::span<const BlockField> fields_;
  const BlockField* scales_ = nullptr;  // integer ones of groups, if any
  const BlockField* minima_ = nullptr;
  float most_ = 0;                  // the largest code, where they are biased
  std::optional<BiasedBits> bits_;  // where codes do not spread about 0 by themselves
  float scale_;                     // of a block; of plain floats the deviation
};

}  // namespace crossval
