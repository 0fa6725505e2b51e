#include "gate/logits_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "compare/row_metrics.h"

namespace crossval {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using Rows = std::vector<std::vector<float>>;

constexpr int kVocab = 500;
constexpr int kRows = 12;

/// Independent normal logits of the deviation that trained models have; the seed names the rows.
Rows random_rows(unsigned seed, double deviation = 3) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, deviation);
  Rows rows(kRows, std::vector<float>(kVocab));
  for (auto& row : rows) {
    for (float& x : row) x = static_cast<float>(normal(random));
  }
  return rows;
}

Rows changed(Rows rows, const std::function<void(std::vector<float>&)>& change) {
  for (auto& row : rows) change(row);
  return rows;
}

std::vector<LogitsPattern> watch(const Rows& candidate, const Rows& reference) {
  LogitsPatterns patterns("mine", "theirs");
  for (size_t i = 0; i < candidate.size(); ++i) {
    patterns.observe(static_cast<int32_t>(100 + i), candidate[i], reference[i],
                     compare_rows(candidate[i], reference[i]));
  }
  return patterns.findings();
}

std::vector<std::string> names(const Rows& candidate, const Rows& reference) {
  std::vector<std::string> found;
  for (const LogitsPattern& each : watch(candidate, reference)) found.push_back(each.name);
  return found;
}

TEST(LogitsPatterns, SilentOverEqualRows) {
  const Rows rows = random_rows(1);
  EXPECT_THAT(names(rows, rows), IsEmpty());
}

TEST(LogitsPatterns, SilentOverRoundingAndOverUnrelatedRows) {
  const Rows rows = random_rows(1);
  const Rows rounded = changed(rows, [](auto& row) {
    for (size_t i = 0; i < row.size(); ++i) row[i] += (i % 2 ? 1e-5F : -1e-5F);
  });
  EXPECT_THAT(names(rounded, rows), IsEmpty());
  EXPECT_THAT(names(random_rows(2), rows), IsEmpty());
}

TEST(LogitsPatterns, SilentOverSmallAndLargeModels) {
  for (const double deviation : {0.1, 0.5, 10.0, 100.0}) {
    const Rows rows = random_rows(3, deviation);
    EXPECT_THAT(names(rows, rows), IsEmpty()) << deviation;
  }
}

TEST(LogitsPatterns, NamesAConstantFactor) {
  const Rows rows = random_rows(1);
  const Rows scaled = changed(rows, [](auto& row) {
    for (float& x : row) x *= 0.5F;
  });
  const auto found = watch(scaled, rows);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].name, "constant-factor");
  EXPECT_THAT(found[0].message, testing::HasSubstr("times 0.5"));
}

// Two precisions of the same model lengthen its rows by a fraction of a per cent.
TEST(LogitsPatterns, SilentOverAFactorThatRoundingMakes) {
  const Rows rows = random_rows(1);
  const Rows scaled = changed(rows, [](auto& row) {
    for (float& x : row) x *= 1.002F;
  });
  EXPECT_THAT(names(scaled, rows), IsEmpty());
}

TEST(LogitsPatterns, NamesAConstantShift) {
  const Rows rows = random_rows(1);
  const Rows shifted = changed(rows, [](auto& row) {
    for (float& x : row) x += 2;
  });
  const auto found = watch(shifted, rows);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].name, "constant-shift");
  EXPECT_THAT(found[0].message, testing::HasSubstr("plus 2, one constant"));
}

TEST(LogitsPatterns, AConstantOfEachPositionIsARange) {
  const Rows rows = random_rows(1);
  float shift = 2;
  const Rows shifted = changed(rows, [&](auto& row) {
    for (float& x : row) x += shift;
    shift += 0.5F;
  });
  EXPECT_THAT(watch(shifted, rows)[0].message, testing::HasSubstr("plus 2 to 7.5, one"));
}

TEST(LogitsPatterns, NamesAPermutedVocabulary) {
  const Rows rows = random_rows(1);
  const Rows turned =
      changed(rows, [](auto& row) { std::rotate(row.begin(), row.begin() + 7, row.end()); });
  EXPECT_THAT(names(turned, rows), ElementsAre("permuted-vocabulary"));
}

// Sorted, noise of one per cent all but vanishes; the tokens stand where they stood.
TEST(LogitsPatterns, NoiseIsNoPermutation) {
  const Rows rows = random_rows(1);
  std::mt19937 random(5);
  std::normal_distribution<float> noise(0, 0.02F);
  const Rows noisy = changed(rows, [&](auto& row) {
    for (float& x : row) x += noise(random);
  });
  ASSERT_GT(compare_rows(noisy[0], rows[0]).relative_l2, 1e-3);
  EXPECT_THAT(names(noisy, rows), IsEmpty());
}

// Mean and length are the same, the values are not.
TEST(LogitsPatterns, MomentsAloneAreNoPermutation) {
  const Rows rows = random_rows(1);
  const Rows turned = changed(rows, [](auto& row) {
    double sum = 0;
    for (const float x : row) sum += x;
    const auto mean = static_cast<float>(sum / static_cast<double>(row.size()));
    for (float& x : row) x = 2 * mean - x;
  });
  EXPECT_THAT(names(turned, rows), IsEmpty());
}

TEST(LogitsPatterns, NamesATruncatedVocabulary) {
  const Rows rows = random_rows(1);
  const Rows cut = changed(rows, [](auto& row) { std::fill(row.begin() + 400, row.end(), 0.0F); });
  const auto found = watch(cut, rows);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].name, "truncated-vocabulary");
  EXPECT_THAT(found[0].message, testing::HasSubstr("token 400"));
}

TEST(LogitsPatterns, NamesRowsThatArriveLateOrEarly) {
  const Rows rows = random_rows(1);
  Rows late = rows;
  std::rotate(late.begin(), late.end() - 1, late.end());
  EXPECT_THAT(names(late, rows), ElementsAre("rows-off-by-one"));
  EXPECT_THAT(watch(late, rows)[0].message, testing::HasSubstr("late"));
  EXPECT_THAT(names(rows, late), ElementsAre("rows-off-by-one"));
  EXPECT_THAT(watch(rows, late)[0].message, testing::HasSubstr("early"));
}

TEST(LogitsPatterns, NamesRepeatedRowsOfOneEngine) {
  const Rows rows = random_rows(1);
  Rows stuck = rows;
  stuck[5] = stuck[4];
  const auto found = watch(rows, stuck);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].name, "repeated-rows");
  EXPECT_EQ(found[0].engine, "theirs");
  EXPECT_EQ(found[0].rows, 1);
  EXPECT_EQ(found[0].of, kRows);
}

TEST(LogitsPatterns, ARepeatedTokenMayRepeatItsRow) {
  LogitsPatterns patterns("mine", "theirs");
  const std::vector<float> row = random_rows(1)[0];
  for (int i = 0; i < 3; ++i) patterns.observe(7, row, row, compare_rows(row, row));
  EXPECT_THAT(patterns.findings(), IsEmpty());
}

TEST(LogitsPatterns, NamesFlatSaturatedAndAbsurdRows) {
  const Rows rows = random_rows(1);
  EXPECT_THAT(names(random_rows(4, 0.001), rows), Contains("near-uniform-rows"));
  const Rows clamped = changed(rows, [](auto& row) {
    for (float& x : row) x = std::min(x, 4.0F);
  });
  EXPECT_THAT(names(clamped, rows), Contains("saturated-rows"));
  EXPECT_THAT(names(random_rows(4, 1e5), rows), Contains("implausible-scale"));
}

TEST(LogitsPatterns, NamesADominatingToken) {
  const Rows rows = random_rows(1);
  const Rows broken = changed(rows, [](auto& row) { row[42] = 60; });
  const auto found = watch(broken, rows);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].name, "dominating-token");
  EXPECT_THAT(found[0].message, testing::HasSubstr("token 42"));
}

// A text that repeats a phrase of few tokens: in a random model the same one often follows each.
TEST(LogitsPatterns, FewDifferentTokensShowNoDominatingOne) {
  const auto findings_of = [](int32_t different) {
    RowPatterns patterns("mine");
    const Rows rows = random_rows(1);
    for (int32_t i = 0; i < 36; ++i) {
      std::vector<float> row = rows[static_cast<size_t>(i % kRows)];
      row[42] = 60;
      patterns.observe(i % different, row, 42, compare_rows(row, row).candidate_moments);
    }
    return patterns.findings();
  };
  EXPECT_THAT(findings_of(8), IsEmpty());
  EXPECT_EQ(findings_of(9).size(), 1);
}

// 50 tokens of which 46 are the same one: the same token follows that one, and 3 of the 4 others do
// not have it.
TEST(LogitsPatterns, ARepeatedTokenIsNoDominatingOne) {
  RowPatterns patterns("mine");
  const Rows rows = random_rows(1);
  for (int32_t i = 0; i < 50; ++i) {
    std::vector<float> row = rows[static_cast<size_t>(i % kRows)];
    if (i != 10 && i != 20 && i != 30) row[42] = 60;
    const auto top = std::ranges::max_element(row) - row.begin();
    patterns.observe(i % 10 == 0 ? i : 7, row, static_cast<int32_t>(top),
                     compare_rows(row, row).candidate_moments);
  }
  EXPECT_THAT(patterns.findings(), IsEmpty());
}

}  // namespace
}  // namespace crossval
