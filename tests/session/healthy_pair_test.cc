#include "session/healthy_pair.h"

#include <gtest/gtest.h>

#include <limits>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace testing_support;

const std::vector<TokenId> kIds = {3, 1, 4, 1, 5};

TEST(HealthyPair, HasTheFiguresOfEachPosition) {
  FakeEngine other, engine;
  other.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position == 2) row[0] += 2.0F;
  };
  std::vector<int32_t> told;
  const auto metrics =
      compare_healthy_pair({other, engine}, kIds, [&](int32_t done) { told.push_back(done); }, {});
  ASSERT_TRUE(metrics.has_value()) << metrics.error().message();
  ASSERT_EQ(metrics->size(), 5U);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ((*metrics)[i].identical, i != 2) << i;
  EXPECT_NEAR((*metrics)[2].max_abs_diff, 2.0, 1e-6);
  EXPECT_EQ(told, (std::vector<int32_t>{1, 2, 3, 4, 5}));
}

TEST(HealthyPair, WhatIsIllIsNoFloor) {
  FakeEngine other("other"), engine;
  other.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position == 3) row[7] = std::numeric_limits<float>::quiet_NaN();
  };
  const auto metrics = compare_healthy_pair({other, engine}, kIds, [](int32_t) {}, {});
  ASSERT_FALSE(metrics.has_value());
  EXPECT_EQ(metrics.error().code, ExitCode::unhealthy);
  EXPECT_NE(metrics.error().what.find("position 3"), std::string::npos);
  EXPECT_EQ(metrics.error().where, "candidate other");
}

}  // namespace
}  // namespace crossval
