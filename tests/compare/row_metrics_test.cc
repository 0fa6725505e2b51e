#include "compare/row_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace crossval {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

using Row = std::vector<float>;

// By hand: r = (3, 4), c = (4, 3). r·c = 24, norms 5: cosine 24/25; d = (1, −1): l2 √2. The softmax
// of r is (1/(1+e), e/(1+e)), of c the mirror image, so both divergences are (e − 1)/(e + 1).
TEST(RowMetrics, ByHand) {
  const RowMetrics m = compare_rows(Row{4, 3}, Row{3, 4});
  EXPECT_FALSE(m.identical);
  EXPECT_DOUBLE_EQ(m.cosine, 0.96);
  EXPECT_DOUBLE_EQ(m.l2, std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(m.relative_l2, std::sqrt(2.0) / 5);
  EXPECT_EQ(m.max_abs_diff, 1);
  EXPECT_EQ(m.max_abs_token, 0);
  const double e = std::exp(1.0);
  EXPECT_NEAR(m.kl, (e - 1) / (e + 1), 1e-15);
  EXPECT_NEAR(m.kl_reverse, (e - 1) / (e + 1), 1e-15);
  EXPECT_EQ(m.candidate_argmax, 0);
  EXPECT_EQ(m.reference_argmax, 1);
  EXPECT_EQ(m.top10_overlap, 2);
  EXPECT_EQ(m.reference_margin, 1);
  EXPECT_EQ(m.shift, 0);
  EXPECT_DOUBLE_EQ(m.centred_cosine, -1);  // (0.5, −0.5) against (−0.5, 0.5)
  EXPECT_DOUBLE_EQ(m.centred_relative_l2, 2);
}

TEST(RowMetrics, IdenticalRows) {
  const Row row{1, -2, 7, 0.5F, 3};
  const RowMetrics m = compare_rows(row, row);
  EXPECT_TRUE(m.identical);
  EXPECT_EQ(m.cosine, 1);
  EXPECT_EQ(m.centred_cosine, 1);
  EXPECT_EQ(m.l2, 0);
  EXPECT_EQ(m.kl, 0);
  EXPECT_EQ(m.max_abs_token, -1);
  EXPECT_EQ(m.candidate_argmax, 2);
  EXPECT_EQ(m.reference_argmax, 2);
  EXPECT_EQ(m.reference_margin, 4);
  EXPECT_EQ(m.top10_overlap, 5);
}

TEST(RowMetrics, SignOfZeroIsABitButNoDistance) {
  const RowMetrics m = compare_rows(Row{-0.0F, 1}, Row{0.0F, 1});
  EXPECT_FALSE(m.identical);
  EXPECT_EQ(m.l2, 0);
  EXPECT_EQ(m.cosine, 1);
  EXPECT_EQ(m.max_abs_token, -1);
}

TEST(RowMetrics, AShiftIsNamedAndNothingElseRemains) {
  const RowMetrics m = compare_rows(Row{3, 4, 7, 1}, Row{1, 2, 5, -1});
  EXPECT_EQ(m.shift, 2);
  EXPECT_EQ(m.max_abs_diff, 2);
  EXPECT_EQ(m.centred_l2, 0);
  EXPECT_EQ(m.centred_max_abs_diff, 0);
  EXPECT_NEAR(m.centred_cosine, 1, 1e-15);
  EXPECT_EQ(m.kl, 0);
}

TEST(RowMetrics, ZeroRowsPassNothing) {
  const Row zero{0, 0, 0};
  const Row other{1, 2, 3};
  EXPECT_EQ(compare_rows(zero, zero).cosine, 0);
  EXPECT_EQ(compare_rows(zero, other).cosine, 0);
  EXPECT_EQ(compare_rows(zero, zero).relative_l2, 0);
  EXPECT_EQ(compare_rows(other, zero).relative_l2, std::numeric_limits<double>::infinity());
}

// Whatever is not finite, on whichever side, alone or on both: no comparison with a tolerance
// holds.
TEST(RowMetrics, NonFiniteFailsEveryTolerance) {
  const Row good{1, 2, 3, 4, 5, 6};
  for (const float bad : {kNaN, -kNaN, kInf, -kInf}) {
    for (size_t at = 0; at < good.size(); ++at) {
      Row row = good;
      row[at] = bad;
      for (const RowMetrics& m :
           {compare_rows(row, good), compare_rows(good, row), compare_rows(row, row)}) {
        EXPECT_FALSE(m.cosine >= -1);
        for (const double x : {m.l2, m.relative_l2, m.max_abs_diff, m.kl, m.kl_reverse,
                               m.centred_l2, m.centred_relative_l2, m.centred_max_abs_diff}) {
          EXPECT_FALSE(x <= std::numeric_limits<double>::infinity());
        }
      }
    }
  }
}

TEST(RowMetrics, RowOfOne) {
  const RowMetrics m = compare_rows(Row{2}, Row{1});
  EXPECT_EQ(m.cosine, 1);
  EXPECT_EQ(m.kl, 0);
  EXPECT_EQ(m.reference_margin, 0);
  EXPECT_EQ(m.top10_overlap, 1);
}

// tests/golden/make_metrics_golden.py: the same figures by numpy, from their definitions.
TEST(RowMetrics, AsNumpySays) {
  const std::string folder = std::string(CROSSVAL_TESTDATA) + "/metrics/";
  std::ifstream rows(folder + "rows.bin", std::ios::binary);
  const auto expected = nlohmann::json::parse(std::ifstream(folder + "expected.json"));
  ASSERT_GE(expected.size(), 10U);
  for (const auto& want : expected) {
    SCOPED_TRACE(want["name"].get<std::string>());
    const auto n = want["n"].get<size_t>();
    Row candidate(n);
    Row reference(n);
    rows.read(reinterpret_cast<char*>(candidate.data()), static_cast<std::streamsize>(n * 4));
    rows.read(reinterpret_cast<char*>(reference.data()), static_cast<std::streamsize>(n * 4));
    ASSERT_TRUE(rows.good());
    const RowMetrics m = compare_rows(candidate, reference);
    // Relative to the figure; `scale` adds what cancellation may cost at this size of values.
    const auto near = [&](const char* key, double got, double scale) {
      const auto value = want[key].get<double>();
      EXPECT_NEAR(got, value, 1e-12 * std::fabs(value) + 1e-15 * scale) << key;
    };
    double largest = 0;
    for (const float x : reference) largest = std::max(largest, std::fabs(double{x}));
    near("cosine", m.cosine, 10);
    near("l2", m.l2, 0);
    near("relative_l2", m.relative_l2, 0);
    near("max_abs_diff", m.max_abs_diff, 0);
    near("kl", m.kl, 10 * (1 + largest));
    near("kl_reverse", m.kl_reverse, 10 * (1 + largest));
    near("reference_margin", m.reference_margin, 0);
    near("shift", m.shift, 10 * largest);
    near("centred_cosine", m.centred_cosine, 10);
    near("centred_l2", m.centred_l2, 100 * largest);
    near("centred_relative_l2", m.centred_relative_l2, 10);
    near("centred_max_abs_diff", m.centred_max_abs_diff, 10 * largest);
    EXPECT_EQ(m.max_abs_token, want["max_abs_token"].get<int>());
    EXPECT_EQ(m.candidate_argmax, want["candidate_argmax"].get<int>());
    EXPECT_EQ(m.reference_argmax, want["reference_argmax"].get<int>());
    EXPECT_EQ(m.top10_overlap, want["top10_overlap"].get<int>());
  }
}

}  // namespace
}  // namespace crossval
