// The dot of I2_S weights with a row of I8_S: exact in integers, then one division. The tensor's
// scale is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quant/activation.h"
#include "quant/i2s.h"

namespace crossval::scalar {

struct DotI2_S {
  explicit DotI2_S(int64_t n) : values_(static_cast<size_t>(n)) {}
  void load(const uint8_t* row) {
    for (size_t i = 0; i < values_.size(); ++i)
      values_[i] = static_cast<int8_t>(I2_S::value(row, static_cast<int64_t>(i)));
  }
  float with(const std::byte* activations) const {
    const auto* a = reinterpret_cast<const RowI8_S*>(activations);
    int32_t sum = 0;
    for (size_t i = 0; i < values_.size(); ++i) sum += values_[i] * a->codes[i];
    return static_cast<float>(sum) / a->scale;
  }

 private:
  std::vector<int8_t> values_;
};

}  // namespace crossval::scalar
