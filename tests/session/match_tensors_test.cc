#include "session/match_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::FakeEngine;

constexpr int64_t kWidth = 48;

// A value of its own for each kind of tensor, position and column, within ±1.
float scripted(int kind, int32_t position, size_t column) {
  return std::sin(12.9898F * static_cast<float>(kind) + 78.233F * static_cast<float>(position) +
                  37.719F * static_cast<float>(column) * (1.0F + 0.1F * static_cast<float>(kind)));
}

// Of these tensors, the values of each by its place in `kinds`.
struct Named : FakeEngine {
  Named(const std::vector<std::string>& names, std::vector<int> kinds, int64_t width = kWidth)
      : FakeEngine("named") {
    graph.clear();
    for (const std::string& name : names) graph.push_back({name, "ADD", -1, width});
    alter_tensor = [=](const std::string& label, int32_t position, std::vector<float>& row) {
      for (size_t i = 0; i < names.size(); ++i)
        if (names[i] + " ADD" == label)
          for (size_t c = 0; c < row.size(); ++c) row[c] = scripted(kinds[i], position, c);
    };
  }
};

const std::vector<TokenId> kIds(20, 1);

TensorMatching matched(Engine& candidate, Engine& reference, const std::string& of_file = {}) {
  const auto result = match_tensors({candidate, reference}, kIds,
                                    [&](const std::string& label) { return label == of_file; }, {});
  EXPECT_TRUE(result.has_value()) << result.error().message();
  return result.value_or(TensorMatching{});
}

std::vector<std::string> told(const TensorMatching& result) {
  std::vector<std::string> lines;
  for (const TensorMatch& m : result.matches) {
    const char* by[] = {"name", "file", "values", "reordered"};
    lines.push_back(m.candidate + " = " + m.reference + " by " + by[static_cast<size_t>(m.by)]);
  }
  return lines;
}

TEST(MatchTensors, NamesComeFirstThenValues) {
  Named candidate({"a", "x", "y"}, {0, 1, 2}), reference({"b", "a", "c"}, {2, 0, 1});
  const auto result = matched(candidate, reference);
  EXPECT_THAT(told(result), ElementsAre("a ADD = a ADD by name", "x ADD = c ADD by values",
                                        "y ADD = b ADD by values"));
  for (const TensorMatch& match : result.matches) EXPECT_EQ(match.distance, 0);
  EXPECT_EQ(result.tokens.size(), static_cast<size_t>(kMatchedPositions));
  EXPECT_EQ(candidate.traced, kMatchedPositions);
}

TEST(MatchTensors, ANameOfTheFileIsToldAsOne) {
  Named candidate({"a", "b"}, {0, 1}), reference({"a", "b"}, {0, 1});
  EXPECT_THAT(told(matched(candidate, reference, "b ADD")),
              ElementsAre("a ADD = a ADD by name", "b ADD = b ADD by file"));
}

TEST(MatchTensors, RoundingDoesNotHideAValue) {
  Named candidate({"x"}, {1}), reference({"c", "d"}, {2, 1});
  const auto exact = candidate.alter_tensor;
  candidate.alter_tensor = [=](const std::string& label, int32_t position,
                               std::vector<float>& row) {
    exact(label, position, row);
    for (size_t c = 0; c < row.size(); ++c) row[c] *= c % 2 == 0 ? 1.01F : 0.99F;
  };
  const auto result = matched(candidate, reference);
  EXPECT_THAT(told(result), ElementsAre("x ADD = d ADD by values"));
  EXPECT_NEAR(result.matches[0].distance, 0.01, 0.002);  // by hand: each value is 1 % off
}

TEST(MatchTensors, OtherValuesHaveNoPartner) {
  Named candidate({"x", "a"}, {5, 0}), reference({"c", "a"}, {2, 0});
  const auto result = matched(candidate, reference);
  EXPECT_THAT(told(result), ElementsAre("a ADD = a ADD by name"));
  ASSERT_EQ(result.only_candidate.size(), 1U);
  EXPECT_EQ(result.only_candidate[0].label, "x ADD");
  EXPECT_EQ(result.only_candidate[0].width, kWidth);
  ASSERT_EQ(result.only_reference.size(), 1U);
  EXPECT_EQ(result.only_reference[0].label, "c ADD");
}

TEST(MatchTensors, AnotherWidthIsAnotherTensor) {
  Named candidate({"a"}, {0}), reference({"a"}, {0}, kWidth + 1);
  const auto result = matched(candidate, reference);
  EXPECT_THAT(result.matches, IsEmpty());
  EXPECT_EQ(exit_code(result), ExitCode::diverged);
}

TEST(MatchTensors, TwoThatAreNearlyAsNearAreNone) {
  Named candidate({"x"}, {1}), reference({"c", "d"}, {1, 1});
  const auto exact = reference.alter_tensor;
  reference.alter_tensor = [=](const std::string& label, int32_t position,
                               std::vector<float>& row) {
    exact(label, position, row);
    for (size_t c = 0; c < row.size(); ++c)
      row[c] += (label == "c ADD" ? 0.01F : -0.01F) * scripted(9, position, c);
  };
  EXPECT_THAT(matched(candidate, reference).matches, IsEmpty());
}

TEST(MatchTensors, OneValueUnderTwoNamesIsTheFirst) {
  Named candidate({"x"}, {1}), reference({"c", "d"}, {1, 1});
  EXPECT_THAT(told(matched(candidate, reference)), ElementsAre("x ADD = c ADD by values"));
}

TEST(MatchTensors, AnotherOrderIsToldAsThat) {
  Named candidate({"x", "y"}, {1, 2}), reference({"c", "d"}, {1, 3});
  const auto exact = candidate.alter_tensor;
  candidate.alter_tensor = [=](const std::string& label, int32_t position,
                               std::vector<float>& row) {
    exact(label, position, row);
    std::ranges::reverse(row);
  };
  const auto result = matched(candidate, reference);
  EXPECT_THAT(told(result), ElementsAre("x ADD = c ADD by reordered"));
  EXPECT_EQ(result.matches[0].distance, 0);
}

TEST(MatchTensors, OneNameWithOtherValuesKeepsItsDistance) {
  Named candidate({"a"}, {1}), reference({"a"}, {2});
  const auto result = matched(candidate, reference);
  EXPECT_THAT(told(result), ElementsAre("a ADD = a ADD by name"));
  EXPECT_GT(result.matches[0].distance, kNearEnough);
}

TEST(MatchTensors, WhatIsNotFiniteMatchesNothingByItsValues) {
  Named candidate({"x", "a"}, {1, 0}), reference({"c", "a"}, {1, 0});
  const auto exact = candidate.alter_tensor;
  candidate.alter_tensor = [=](const std::string& label, int32_t position,
                               std::vector<float>& row) {
    exact(label, position, row);
    if (label == "x ADD" && position == 7) row[3] = std::nanf("");
  };
  EXPECT_THAT(told(matched(candidate, reference)), ElementsAre("a ADD = a ADD by name"));
}

TEST(MatchTensors, ChunksOfAnySizeGiveTheSame) {
  for (const int32_t chunk : {1, 3, 20}) {
    Named candidate({"x"}, {1}), reference({"c"}, {1});
    candidate.chunk = chunk;
    EXPECT_THAT(told(matched(candidate, reference)), ElementsAre("x ADD = c ADD by values"));
  }
}

TEST(MatchTensors, HashesAreRefused) {
  Named candidate({"x"}, {1}), reference({"c"}, {1});
  reference.info_.settings.rows = kHashedRows;
  const auto result =
      match_tensors({candidate, reference}, kIds, [](const std::string&) { return false; }, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message(), HasSubstr("needs values"));
  EXPECT_THAT(result.error().message(), HasSubstr("reference"));
}

}  // namespace
}  // namespace crossval
