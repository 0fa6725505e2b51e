// Every kernel set against the scalar one, bit for bit: seeded rows ordinary and extreme, and every
// remainder of rows and positions that a blocked tile can leave.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/rows.h"

namespace crossval {
namespace {

using namespace testing_rows;

const KernelSet& scalar() { return *kernel_sets().front(); }

class SetsAgree : public testing::TestWithParam<WeightFormat> {};

void expect_same_tile(const WeightFormat& format, const KernelSet& set, int64_t n, int64_t rows,
                      int64_t positions, bool extreme, uint64_t seed) {
  Random random(seed);
  const std::vector<std::byte> weights = weight_rows(format, rows, n, extreme, random);
  const std::vector<float> x = activation_rows(positions, n, extreme, random);
  const int64_t stride =
      packed_row_bytes(format.activation, n) + 64;  // rows need not be contiguous
  std::vector<std::byte> packed(static_cast<size_t>(stride * positions));
  for (int64_t p = 0; p < positions; ++p) {
    pack_row_scalar(format.activation, x.data() + p * n, n, packed.data() + p * stride);
  }
  const int64_t out_stride = rows + 3;
  constexpr float kUntouched = 12345.0F;
  std::vector<float> expected(static_cast<size_t>(out_stride * positions), kUntouched);
  std::vector<float> actual(expected);
  scalar().tile(format.type)(weights.data(), format.row_bytes(n), rows, packed.data(), stride,
                             positions, n, expected.data(), out_stride);
  set.tile(format.type)(weights.data(), format.row_bytes(n), rows, packed.data(), stride, positions,
                        n, actual.data(), out_stride);
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_TRUE(same_float(actual[i], expected[i]))
        << set.name << ", " << rows << " rows x " << positions << " positions of " << n
        << (extreme ? " extreme" : "") << ", seed " << seed << ": position " << i / out_stride
        << " row " << i % out_stride << " is " << actual[i] << ", scalar " << expected[i];
  }
}

TEST_P(SetsAgree, OnEveryRemainderOfRowsAndPositions) {
  const WeightFormat& format = GetParam();
  const int64_t n = format.block_elements == 1 ? 45 : 3 * format.block_elements;
  for (const KernelSet* set : kernel_sets()) {
    if (!set->supported()) continue;
    for (int64_t rows = 1; rows <= 9; ++rows) {
      for (int64_t positions = 1; positions <= 9; ++positions) {
        expect_same_tile(format, *set, n, rows, positions, false, 7);
      }
    }
  }
}

TEST_P(SetsAgree, OnExtremeRows) {
  const WeightFormat& format = GetParam();
  for (const KernelSet* set : kernel_sets()) {
    if (!set->supported()) continue;
    for (uint64_t seed = 1; seed <= 24; ++seed) {
      const auto length = static_cast<int64_t>(seed);
      const int64_t n =
          format.block_elements == 1 ? 7 * length : format.block_elements * (1 + length % 5);
      expect_same_tile(format, *set, n, 5, 16, true, seed);
    }
  }
}

TEST_P(SetsAgree, OnALongRow) {
  const WeightFormat& format = GetParam();
  for (const KernelSet* set : kernel_sets()) {
    if (set->supported()) expect_same_tile(format, *set, 33024, 6, 3, false, 5);
  }
}

TEST_P(SetsAgree, OnPacking) {
  const WeightFormat& format = GetParam();
  for (const KernelSet* set : kernel_sets()) {
    if (!set->supported()) continue;
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      Random random(seed);
      const int64_t n = 256 * static_cast<int64_t>(seed) + (format.block_elements == 1 ? 11 : 0);
      std::vector<float> x = activation_rows(16, n, true, random);
      x[3 * n + 5 * seed] = std::numeric_limits<float>::quiet_NaN();
      const auto bytes = static_cast<size_t>(packed_row_bytes(format.activation, n));
      std::vector<std::byte> expected(bytes);
      std::vector<std::byte> actual(bytes);
      for (int64_t p = 0; p < 16; ++p) {
        scalar().pack(format.activation)(x.data() + p * n, n, expected.data());
        set->pack(format.activation)(x.data() + p * n, n, actual.data());
        ASSERT_EQ(expected, actual) << set->name << " row " << p << " of " << n;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, SetsAgree,
                         testing::ValuesIn(weight_formats().begin(), weight_formats().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace crossval
