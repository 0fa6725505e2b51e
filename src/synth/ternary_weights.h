// Random ternary weights -level, 0, level, the same values in every format that can hold them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "quant/format.h"
#include "quant/i2s.h"

namespace crossval {

/// Rows are made four at a time: a layout of I2_S packs four rows into one.
inline constexpr int64_t kTernaryRows = 4;

class TernaryWeights {
 public:
  /// Whether the format holds such weights exactly: I2_S, TQ1_0, TQ2_0, F16, F32.
  static bool fits(WeightType type);

  /// Weights of standard deviation `sigma`, about. `norm`: weights of the norm that the inputs come
  /// from, or empty; the larger one is against their mean, the fewer zeros its column has, which is
  /// what model/i2s_layout.h looks for.
  TernaryWeights(const WeightFormat& format, I2sLayout layout, float sigma,
                 std::span<const float> norm);

  /// Up to four rows of `cols` weights, as stored.
  std::vector<std::byte> rows(Random& random, int64_t count, int64_t cols) const;

  /// What follows the last row: nothing, or the scale.
  std::vector<std::byte> tail() const;

 private:
  const WeightFormat& format_;
  I2sLayout layout_;
  float level_;                // exact in binary16
  std::vector<float> filled_;  // by column: share of weights that are not zero
};

}  // namespace crossval
