#include "compare/row_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <span>
#include <vector>

namespace crossval {
namespace {

std::vector<const RowKernels*> all_kernels() {
  std::vector<const RowKernels*> all{&baseline_row_kernels()};
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") != 0) all.push_back(&avx2_row_kernels());
#endif
  return all;
}

template <class Sums>
bool same_bits(const Sums& a, const Sums& b) {
  return std::ranges::equal(std::as_bytes(std::span(&a, 1)), std::as_bytes(std::span(&b, 1)));
}

TEST(RowKernels, EveryInstructionSetGivesTheSameBits) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 5);
  for (int64_t n = 1; n < 70; ++n) {
    std::vector<float> r(n);
    std::vector<float> c(n);
    for (float& x : r) x = normal(random);
    for (float& x : c) x = normal(random);
    const RowCentre centre{0.25, -0.5, -0.75, 20, 21};
    const RawSums raw = baseline_row_kernels().raw_sums(r.data(), c.data(), n);
    const CentredSums centred = baseline_row_kernels().centred_sums(r.data(), c.data(), n, centre);
    for (const RowKernels* kernels : all_kernels()) {
      const RawSums other_raw = kernels->raw_sums(r.data(), c.data(), n);
      const CentredSums other_centred = kernels->centred_sums(r.data(), c.data(), n, centre);
      EXPECT_TRUE(same_bits(raw, other_raw)) << kernels->isa << " " << n;
      EXPECT_TRUE(same_bits(centred, other_centred)) << kernels->isa;
    }
  }
}

// Σ exp over a row of one value is exp of that value less the maximum: libm is the judge.
TEST(RowKernels, ExpIsAccurateToItsEnds) {
  for (const RowKernels* kernels : all_kernels()) {
    for (double x = 0; x > -720; x -= 0.37) {
      const float value = static_cast<float>(x);
      const RowCentre centre{value, value, 0, 0, 0};
      const double got = kernels->centred_sums(&value, &value, 1, centre).er;
      const double want = double{value} < -708 ? 0 : std::exp(double{value});
      EXPECT_NEAR(got, want, 4e-16 * want) << kernels->isa << " " << value;
    }
    const float lowest = -3e38F;
    EXPECT_EQ(kernels->centred_sums(&lowest, &lowest, 1, {}).er, 0);
  }
}

TEST(RowKernels, FindAboveFindsTheFirst) {
  for (const RowKernels* kernels : all_kernels()) {
    for (int64_t n = 0; n < 70; ++n) {
      std::vector<float> row(n, 1.0F);
      EXPECT_EQ(kernels->find_above(row.data(), 0, n, 1.0F), n);
      for (int64_t at = 0; at < n; ++at) {
        row[at] = 2;
        EXPECT_EQ(kernels->find_above(row.data(), 0, n, 1.0F), at);
        EXPECT_EQ(kernels->find_above(row.data(), at + 1, n, 1.0F), n);
        row[at] = 1;
      }
    }
  }
}

}  // namespace
}  // namespace crossval
