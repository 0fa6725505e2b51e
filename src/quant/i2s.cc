#include "quant/i2s.h"

#include <array>

namespace crossval {

void i2s_to_x86(I2sLayout layout, const uint8_t* codes, int64_t row, int64_t cols, int64_t first,
                int64_t n, uint8_t* out) {
  constexpr int64_t kBlock = 128;  // values; in every layout the next block is as this one
  std::array<I2sPlace, kBlock> from{};
  for (int64_t i = 0; i < kBlock; ++i)
    from[static_cast<size_t>(i)] = i2s_place(layout, row, first + i, cols);
  const int64_t step = layout == I2sLayout::x86_rows ? kBlock : kBlock / 4;  // bytes
  for (int64_t at = 0; at < n; at += kBlock, codes += step, out += I2_S::kBytes) {
    for (size_t k = 0; k < I2_S::kBytes; ++k) {
      int byte = 0;
      for (size_t place = 0; place < 4; ++place) {
        const I2sPlace& value = from[place * I2_S::kBytes + k];
        byte = byte << 2 | (codes[value.byte] >> value.shift & 3);
      }
      out[k] = static_cast<uint8_t>(byte);
    }
  }
}

}  // namespace crossval
