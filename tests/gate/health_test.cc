#include "gate/health.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace crossval {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Odd, so that a vectorised loop has a tail.
std::vector<float> healthy_row() {
  std::vector<float> row(1003);
  for (size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i % 17) - 8.0F;
  return row;
}

std::string name_of(const std::vector<float>& row) {
  const auto finding = check_row(Side::reference, 5, row, static_cast<int32_t>(row.size()));
  return finding ? finding->name : "";
}

TEST(Health, AHealthyRowHasNoFinding) {
  EXPECT_EQ(name_of(healthy_row()), "");
  auto row = healthy_row();
  row[7] = std::numeric_limits<float>::max();
  row[8] = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(name_of(row), "");
}

TEST(Health, OneValueThatIsNotFiniteIsFoundWhereverItStands) {
  for (size_t at = 0; at < healthy_row().size(); ++at) {
    auto row = healthy_row();
    row[at] = kNaN;
    const auto nan = check_row(Side::candidate, 3, row, 1003);
    ASSERT_TRUE(nan.has_value()) << at;
    EXPECT_EQ(nan->name, "nan");
    EXPECT_EQ(nan->token, static_cast<int32_t>(at));
    EXPECT_EQ(nan->position, 3);
    EXPECT_EQ(nan->side, Side::candidate);
    row[at] = at % 2 == 0 ? kInfinity : -kInfinity;
    const auto infinite = check_row(Side::candidate, 3, row, 1003);
    ASSERT_TRUE(infinite.has_value()) << at;
    EXPECT_EQ(infinite->name, "infinite");
    EXPECT_EQ(infinite->token, static_cast<int32_t>(at));
  }
}

TEST(Health, NaNIsNamedBeforeInfinityAndCounted) {
  auto row = healthy_row();
  row[1] = kInfinity;
  row[900] = kNaN;
  row[901] = -kNaN;
  const auto finding = check_row(Side::candidate, 0, row, 1003);
  ASSERT_TRUE(finding.has_value());
  EXPECT_EQ(finding->name, "nan");
  EXPECT_EQ(finding->token, 900);
  EXPECT_EQ(finding->detail, "2 of 1003 logits are NaN, the first at token 900");
}

TEST(Health, ZerosOfEitherSignAreAllZero) {
  std::vector<float> row(1003, 0.0F);
  EXPECT_EQ(name_of(row), "all-zero");
  row[500] = -0.0F;
  EXPECT_EQ(name_of(row), "all-zero");
  row[500] = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(name_of(row), "");
}

TEST(Health, AConstantRow) {
  std::vector<float> row(1003, -2.5F);
  EXPECT_EQ(name_of(row), "constant");
  row[1002] = -2.25F;
  EXPECT_EQ(name_of(row), "");
  EXPECT_EQ(name_of({1.0F}), "");  // a vocabulary of one token
}

TEST(Health, WidthIsCheckedFirst) {
  const auto row = healthy_row();
  const auto shorter = check_row(Side::candidate, 0, row, 1004);
  ASSERT_TRUE(shorter.has_value());
  EXPECT_EQ(shorter->name, "wrong-width");
  EXPECT_EQ(shorter->detail, "1003 logits for a vocabulary of 1004");
  EXPECT_EQ(check_row(Side::candidate, 0, row, 1002)->name, "wrong-width");
  EXPECT_EQ(check_row(Side::candidate, 0, std::vector<float>{}, 0)->name, "wrong-width");
}

std::string name_of(const TopRow& row) {
  const auto finding = check_row(Side::reference, 5, row, 10);
  return finding ? finding->name : "";
}

TEST(Health, AListOfMostLikelyTokens) {
  EXPECT_EQ(name_of(TopRow{{{3, -0.1F}, {9, -3.0F}}, 0.01}), "");
  EXPECT_EQ(name_of(TopRow{}), "no-tokens");
  EXPECT_EQ(name_of(TopRow{{{3, kNaN}}}), "nan");
  EXPECT_EQ(name_of(TopRow{{{3, -kInfinity}}}), "infinite");
  EXPECT_EQ(name_of(TopRow{{{10, -1.0F}}}), "outside-vocabulary");
  EXPECT_EQ(name_of(TopRow{{{-1, -1.0F}}}), "outside-vocabulary");
  EXPECT_EQ(name_of(TopRow{{{3, -1.0F}, {3, -2.0F}}}), "duplicate-token");
  EXPECT_EQ(name_of(TopRow{{{3, 0.1F}}}), "not-a-distribution");
  EXPECT_EQ(name_of(TopRow{{{3, -0.1F}}, 0.2}), "not-a-distribution");
}

TEST(Health, AHashSaysWhetherItsRowIsFinite) {
  EXPECT_FALSE(check_row(Side::candidate, 0, RowHash{.hash = 1, .argmax = 0}, 10));
  const auto ill = check_row(Side::candidate, 0, RowHash{.hash = 1, .argmax = -1}, 10);
  ASSERT_TRUE(ill);
  EXPECT_EQ(ill->name, "not-finite");
  EXPECT_TRUE(is_not_finite(*ill));
}

}  // namespace
}  // namespace crossval
