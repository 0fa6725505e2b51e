// Random weights in any format, made as blocks rather than quantised: every code that a format can
// store is as likely as every other, which also meets the extreme ones.
#pragma once

#include <cstddef>
#include <span>

#include "base/random.h"
#include "quant/format.h"

namespace crossval {

struct BlockMaker;

/// A source of weights of one format.
class RandomWeights {
 public:
  /// About mean 0 and standard deviation `sigma` (formats with coarse scales: within their steps).
  RandomWeights(const WeightFormat& format, float sigma);

  /// Fills `out`, whole blocks.
  void fill(Random& random, std::span<std::byte> out) const;

 private:
  const WeightFormat& format_;
  const BlockMaker* maker_;  // null: plain floats
  float scale_;              // of a block; of plain floats the deviation
};

}  // namespace crossval
