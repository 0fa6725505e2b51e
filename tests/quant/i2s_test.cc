// Places of codes: by hand from the description of the layouts, and in bytes that bitnet.cpp wrote;
// tests/golden/i2s.py reads whole tensors independently (format_test.cc, tests/e2e/test_bitnet.py).
#include "quant/i2s.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace crossval {
namespace {

struct Expected {
  I2sLayout layout;
  int64_t row, col, byte;
  int shift;
};

TEST(I2s, CodesLieWhereTheLayoutSays) {
  constexpr int64_t kCols = 256;
  const Expected places[] = {
      {I2sLayout::x86, 0, 0, 0, 6},        {I2sLayout::x86, 0, 31, 31, 6},
      {I2sLayout::x86, 0, 33, 1, 4},       {I2sLayout::x86, 0, 127, 31, 0},
      {I2sLayout::x86, 0, 128, 32, 6},     {I2sLayout::x86, 1, 64, 64, 2},
      {I2sLayout::arm, 0, 16, 0, 4},       {I2sLayout::arm, 0, 63, 15, 0},
      {I2sLayout::arm, 0, 64, 16, 6},      {I2sLayout::arm, 2, 47, 143, 2},
      {I2sLayout::x86_rows, 0, 5, 5, 6},   {I2sLayout::x86_rows, 3, 5, 5, 0},
      {I2sLayout::x86_rows, 4, 0, 256, 6},
  };
  for (const Expected& e : places) {
    const I2sPlace place = i2s_place(e.layout, e.row, e.col, kCols);
    EXPECT_EQ(place.byte, e.byte) << i2s_layout_name(e.layout) << " " << e.row << "," << e.col;
    EXPECT_EQ(place.shift, e.shift) << i2s_layout_name(e.layout) << " " << e.row << "," << e.col;
  }
}

// The file: rows and columns, the weights -1, 0, 1, then for each layout the codes and the scale
// that quantize_i2_s of microsoft/BitNet 16da220 made of 0.703125 times them (docs/bitnet.md).
TEST(I2s, CodesLieWhereBitnetCppPutsThem) {
  std::ifstream file(CROSSVAL_TESTDATA "/formats/I2_S_layouts.bin", std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  constexpr int64_t kRows = 8;
  constexpr int64_t kCols = 256;
  constexpr size_t kPacked = kRows * kCols / 4;
  ASSERT_EQ(bytes.size(), 8 + kRows * kCols + 3 * (kPacked + 4));
  const uint8_t* weights = bytes.data() + 8;
  const uint8_t* packed = weights + kRows * kCols;
  for (const I2sLayout layout : kI2sLayouts) {
    for (int64_t i = 0; i < kRows * kCols; ++i) {
      const I2sPlace place = i2s_place(layout, i / kCols, i % kCols, kCols);
      ASSERT_EQ((packed[place.byte] >> place.shift & 3) - 1, static_cast<int8_t>(weights[i]))
          << i2s_layout_name(layout) << " weight " << i;
    }
    float scale = 0;
    std::memcpy(&scale, packed + kPacked, sizeof scale);
    EXPECT_EQ(scale, 0.703125F) << i2s_layout_name(layout);
    packed += kPacked + 4;
  }
}

TEST(I2s, EveryLayoutFillsEveryPlaceOnce) {
  for (const I2sLayout layout : kI2sLayouts) {
    std::set<std::pair<int64_t, int>> places;
    for (int64_t row = 0; row < 8; ++row) {
      for (int64_t col = 0; col < 256; ++col) {
        const I2sPlace place = i2s_place(layout, row, col, 256);
        EXPECT_LT(place.byte, 8 * 256 / 4);
        EXPECT_TRUE(places.emplace(place.byte, place.shift).second);
      }
    }
  }
}

TEST(I2s, EachLayoutIsRewrittenAsX86) {
  constexpr int64_t kRows = 8, kCols = 256, kPart = 128;
  for (const I2sLayout layout : kI2sLayouts) {
    std::vector<uint8_t> codes(kRows * kCols / 4);
    for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint8_t>(37 * i + i / 7);
    for (int64_t row = 0; row < kRows; ++row) {
      for (int64_t first = 0; first < kCols; first += kPart) {
        std::vector<uint8_t> x86(kPart / 4, 0xFF);
        i2s_to_x86(layout, codes.data(), row, kCols, first, kPart, x86.data());
        for (int64_t col = 0; col < kPart; ++col) {
          const I2sPlace at = i2s_place(layout, row, first + col, kCols);
          EXPECT_EQ(I2_S::value(x86.data(), col), (codes[at.byte] >> at.shift & 3) - 1);
        }
      }
    }
  }
}

TEST(I2s, LayoutsAreFoundByName) {
  for (const I2sLayout layout : kI2sLayouts)
    EXPECT_EQ(find_i2s_layout(i2s_layout_name(layout)), layout);
  EXPECT_EQ(find_i2s_layout("auto"), std::nullopt);
  EXPECT_EQ(find_i2s_layout("x86_rows"), std::nullopt);
}

}  // namespace
}  // namespace crossval
