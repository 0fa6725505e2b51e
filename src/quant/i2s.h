// I2_S, the ternary format of bitnet.cpp: value = (code - 1) * scale with two-bit codes 0, 1, 2 and
// one scale for the whole tensor. Rows of a multiple of 128 values; behind the last row lie 32
// bytes, whose first four are the scale in f32. Where a code lies depends on the build that wrote
// the file, which the file does not say.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace crossval {

enum class I2sLayout : uint8_t {
  x86,       // blocks of 128 values in 32 bytes: byte k holds values k, k + 32, k + 64, k + 96
  arm,       // blocks of 64 values in 16 bytes: byte k holds values k, k + 16, k + 32, k + 48
  x86_rows,  // byte k of four rows holds value k of each
};

inline constexpr I2sLayout kI2sLayouts[] = {I2sLayout::x86, I2sLayout::arm, I2sLayout::x86_rows};

constexpr std::string_view i2s_layout_name(I2sLayout layout) {
  constexpr std::string_view kNames[] = {"x86", "arm", "x86-rows"};
  return kNames[static_cast<int>(layout)];
}

constexpr std::optional<I2sLayout> find_i2s_layout(std::string_view name) {
  for (const I2sLayout layout : kI2sLayouts) {
    if (i2s_layout_name(layout) == name) return layout;
  }
  return std::nullopt;
}

struct I2sPlace {
  int64_t byte;  // from the start of the tensor
  int shift;     // of the code's two bits: the first of a byte's values lies on top
};

/// Where the code of a value lies in a tensor of rows of `cols` values.
constexpr I2sPlace i2s_place(I2sLayout layout, int64_t row, int64_t col, int64_t cols) {
  if (layout == I2sLayout::x86_rows)
    return {row / 4 * cols + col, 6 - 2 * static_cast<int>(row % 4)};
  const int64_t bytes = layout == I2sLayout::x86 ? 32 : 16;  // of a block
  const int64_t in_block = col % (4 * bytes);
  return {row * (cols / 4) + col / (4 * bytes) * bytes + in_block % bytes,
          6 - 2 * static_cast<int>(in_block / bytes)};
}

/// Rewrites in layout x86 the codes of n values of a row, from column `first` on: n / 4 bytes.
/// `codes` is the whole tensor, of rows of `cols` values; first and n are multiples of 128.
void i2s_to_x86(I2sLayout layout, const uint8_t* codes, int64_t row, int64_t cols, int64_t first,
                int64_t n, uint8_t* out);

/// A block of layout x86, which is what decoder and kernels read. Code 3, which nobody writes,
/// reads as 2.
struct I2_S {
  static constexpr int kBytes = 32;
  static constexpr int kTailBytes = 32;
  /// Value `col` of a row, without the scale.
  static int value(const uint8_t* row, int64_t col) {
    const I2sPlace place = i2s_place(I2sLayout::x86, 0, col, 0);
    return (row[place.byte] >> place.shift & 3) - 1;
  }
};

}  // namespace crossval
