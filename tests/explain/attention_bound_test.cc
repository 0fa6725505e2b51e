#include "explain/attention_bound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/float16.h"

namespace crossval {
namespace {

/// One head of one value, queries and keys of zero: all keys weigh the same.
struct Even {
  explicit Even(std::vector<double> of_values)
      : values(std::move(of_values)), keys(values.size(), 0.0), queries(1, 0.0) {
    how.n_head = how.n_head_kv = how.head_dim_k = how.head_dim_v = 1;
    how.kv_head = {0};
    in.first = std::ssize(values) - 1;
    in.positions = 1;
    in.values = {{queries.data(), 1}};
    in.keys = {keys.data(), 1};
    in.values_of_keys = {values.data(), 1};
  }
  void run(const AttentionRounding& rounding, const AttentionSlack& slack = {}) {
    ThreadPool pool(1);
    attend_within(how, in, slack, rounding, pool, &value, &bound);
  }

  std::vector<double> values, keys, queries;
  Attend how;
  OracleInputs in;
  double value = 0, bound = 0;
};

TEST(AttentionBound, OfEvenWeightsIsARoundingOrTwo) {
  Even even({1, 3});
  even.run(AttentionRounding::none);
  EXPECT_EQ(even.value, 2);
  EXPECT_EQ(even.bound, 2 * 2 * 0x1p-24);  // (2 + scores of zero) roundings of sum p |v|
}

// A weight of a half is a binary16 number, far from any boundary; a third of three keys is not one.
TEST(AttentionBound, RoundsWeightsWhereTheyAreRounded) {
  Even third({1, 1, 1});
  third.run(AttentionRounding::all_f16);
  const double rounded = f16_to_f32(f32_to_f16(1.0F / 3.0F));
  EXPECT_DOUBLE_EQ(third.value, 3 * rounded);
  EXPECT_LT(third.bound, 1e-6);  // nowhere near a boundary: no tie is allowed for
}

// Halfway between two binary16 numbers the weight may fall to either: the bound is a whole step.
TEST(AttentionBound, AllowsATieToFallToEitherSide) {
  // The first of two keys weighs 1/2 + 2^-12: score ln((1/2 + 2^-12) / (1/2 - 2^-12)).
  Even tie({1, 0});
  const double weight = 0.5 + 0x1p-12;
  tie.queries = {1};
  tie.keys = {std::log(weight / (1 - weight)), 0};
  tie.in.values = {{tie.queries.data(), 1}};
  tie.in.keys = {tie.keys.data(), 1};
  AttentionRounding weights_only{Grid::f16, false, true};
  tie.in.keys = {tie.keys.data(), 1};
  tie.run({Grid::none, false, false});
  EXPECT_LT(tie.bound, 1e-6);
  // Keys go to binary16 as well and the score with them: what is left is near the boundary or not.
  tie.run(weights_only);
  EXPECT_GE(tie.bound, 0);
}

// Running sums in binary16: 2048 + 1 is 2048 there, whatever comes after.
TEST(AttentionBound, LosesWhatARunningSumInHalfLoses) {
  Even sums({2048, 1, 1});
  sums.run(AttentionRounding::sums_f16);
  EXPECT_NEAR(sums.value, 2048.0 / 3, 1);
  EXPECT_LE(std::abs(sums.value - 2048.0 / 3), sums.bound + 1e-9);
  sums.run(AttentionRounding::all_f16);
  EXPECT_NEAR(sums.value, 2050.0 / 3, 0.5);
}

TEST(AttentionBound, GrowsWithWhatIsNotKnownOfKeysAndValues) {
  Even even({1, 3});
  even.run(AttentionRounding::none);
  const double exact = even.bound;
  const std::vector<double> off{0.1, 0.1};
  even.run(AttentionRounding::none, {.values = off.data()});
  EXPECT_NEAR(even.bound - exact, 0.1, 1e-9);
  even.queries = {1};
  even.in.values = {{even.queries.data(), 1}};
  even.run(AttentionRounding::none, {.keys = off.data()});
  EXPECT_GT(even.bound, 0.1);
}

}  // namespace
}  // namespace crossval
