#include "native/ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/kernels.h"

namespace crossval {
namespace {

// Hand calculation: (9 + 16) / 2 = 12.5, scale = 1 / sqrt(12.5).
TEST(RmsNorm, ByHand) {
  const std::vector<float> x = {3.0F, -4.0F};
  std::vector<float> out(2);
  rms_norm(x.data(), 0.0F, 2, out.data());
  const float scale = 1.0F / std::sqrt(12.5F);
  EXPECT_EQ(out[0], 3.0F * scale);
  EXPECT_EQ(out[1], -4.0F * scale);
}

TEST(RmsNorm, SumsInDouble) {
  // 2^24 + 1 + 1 in f32 would stay 2^24.
  std::vector<float> x = {4096.0F, 1.0F, 1.0F, 0.0F};
  std::vector<float> out(4);
  rms_norm(x.data(), 0.0F, 4, out.data());
  EXPECT_EQ(out[0], 4096.0F * (1.0F / std::sqrt(static_cast<float>(16777218.0 / 4))));
}

TEST(Rope, QuarterTurn) {
  // One pair, position 1, angle 1 rad: (x, y) -> (x cos 1 - y sin 1, x sin 1 + y cos 1).
  const Rope rope{.n_rot = 2, .base = 10000.0F};
  float table[2];
  rope_table(rope, nullptr, 1, table);
  EXPECT_EQ(table[0], std::cos(1.0F));
  EXPECT_EQ(table[1], std::sin(1.0F));
  float head[2] = {2.0F, 3.0F};
  rope_rotate(table, 2, RopePairs::adjacent, head);
  EXPECT_EQ(head[0], 2.0F * table[0] - 3.0F * table[1]);
  EXPECT_EQ(head[1], 2.0F * table[1] + 3.0F * table[0]);
}

TEST(Rope, PairsAreAdjacentOrHalves) {
  // Angles 0 and pi/2-like: cos 1/sin 0 leaves a pair alone, cos 0/sin 1 turns (a, b) into (-b, a).
  const float table[4] = {1.0F, 0.0F, 0.0F, 1.0F};
  float adjacent[4] = {1, 2, 3, 4};
  rope_rotate(table, 4, RopePairs::adjacent, adjacent);
  EXPECT_EQ(std::vector<float>(adjacent, adjacent + 4), (std::vector<float>{1, 2, -4, 3}));
  float halves[4] = {1, 2, 3, 4};
  rope_rotate(table, 4, RopePairs::halves, halves);
  EXPECT_EQ(std::vector<float>(halves, halves + 4), (std::vector<float>{1, -4, 3, 2}));
}

TEST(Rope, FactorsDivideAngles) {
  const Rope rope{.n_rot = 2, .base = 10000.0F};
  const float factor = 4.0F;
  float table[2];
  rope_table(rope, &factor, 2, table);
  EXPECT_EQ(table[0], std::cos(0.5F));
}

TEST(VectorOps, SoftmaxAndSwigluAgreeWithLibmAndAcrossKernelSets) {
  for (const int64_t n : {1, 7, 8, 9, 31, 64, 1000}) {
    std::vector<float> x(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i)
      x[static_cast<size_t>(i)] = std::sin(static_cast<float>(i)) * (i % 5 == 0 ? 200.0F : 3.0F);
    if (n > 8) x[5] = -INFINITY;
    std::vector<std::vector<float>> results;
    for (const KernelSet* set : kernel_sets()) {
      if (!set->supported()) continue;
      std::vector<float> softmax = x;
      set->softmax(softmax.data(), n, -INFINITY);
      double sum = 0;
      for (const float p : softmax) sum += p;
      EXPECT_NEAR(sum, 1.0, 1e-5);
      if (n > 8) {
        EXPECT_EQ(softmax[5], 0.0F);
      }
      std::vector<float> gated(x.size());
      std::vector<float> finite = x;
      if (n > 8) finite[5] = -90.0F;
      set->swiglu(finite.data(), finite.data(), gated.data(), n);
      for (size_t i = 0; i < x.size(); ++i) {
        const double exact =
            finite[i] / (1.0 + std::exp(-static_cast<double>(finite[i]))) * finite[i];
        EXPECT_NEAR(gated[i], exact, 1e-6 * std::abs(exact) + 1e-30);
      }
      softmax.insert(softmax.end(), gated.begin(), gated.end());
      results.push_back(softmax);
    }
    for (const auto& other : results) EXPECT_EQ(other, results.front());
  }
}

}  // namespace
}  // namespace crossval
