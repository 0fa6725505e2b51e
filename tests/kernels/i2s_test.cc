// I2_S times I8_S worked out by hand: docs/bitnet.md shows the same example.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/kernels.h"

namespace crossval {
namespace {

TEST(I2sDot, AsWorkedOutByHand) {
  // Weights +1, -1, -1, 0, then 0: codes 2, 0, 0, 1, … in the top bits of bytes 0, 1, 2, 3, …
  std::vector<std::byte> weights(32, std::byte{0b01'01'01'01});
  weights[0] = std::byte{0b10'01'01'01};
  weights[1] = std::byte{0b00'01'01'01};
  weights[2] = std::byte{0b00'01'01'01};
  // The largest is 2: scale 127 / 2 = 63.5. Codes 127; 0.3 · 63.5 = 19.05 -> 19; -1 · 63.5 -> -64,
  // to even; 1.5 · 63.5 = 95.25 -> 95, in a zero weight's place.
  std::vector<float> x(128, 0.0F);
  x[0] = 2.0F;
  x[1] = 0.3F;
  x[2] = -1.0F;
  x[3] = 1.5F;
  for (const KernelSet* set : kernel_sets()) {
    if (!set->supported()) continue;
    std::vector<std::byte> packed(static_cast<size_t>(packed_row_bytes(ActivationType::i8_s, 128)));
    set->pack(ActivationType::i8_s)(x.data(), 128, packed.data());
    const auto* row = reinterpret_cast<const RowI8_S*>(packed.data());
    EXPECT_EQ(row->scale, 63.5F);
    EXPECT_EQ(row->codes[0], 127);
    EXPECT_EQ(row->codes[1], 19);
    EXPECT_EQ(row->codes[2], -64);
    EXPECT_EQ(row->codes[3], 95);  // 95.25
    EXPECT_EQ(row->sum, 127 + 19 - 64 + 95);
    float out = 0;
    set->tile(WeightType::i2_s)(weights.data(), 32, 1, packed.data(),
                                static_cast<int64_t>(packed.size()), 1, 128, &out, 1);
    EXPECT_EQ(out, 172.0F / 63.5F) << set->name;  // (127 - 19 + 64) / 63.5
  }
}

}  // namespace
}  // namespace crossval
