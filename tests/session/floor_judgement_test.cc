// --require floor from end to end, with engines that do as the test says.
#include "session/floor_judgement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace testing_support;
using ::testing::Contains;
using ::testing::Not;

// Noise of this size on every logit, other noise for another seed.
std::function<void(int32_t, std::vector<float>&)> noise(float size, unsigned seed) {
  return [=](int32_t position, std::vector<float>& row) {
    std::mt19937 random(seed * 1000 + static_cast<unsigned>(position));
    for (float& x : row) x += std::normal_distribution<float>(0, size)(random);
  };
}

class FloorJudgementTest : public ::testing::Test {
 protected:
  FloorJudgementTest() : plan_(plan_of_ids(400)) {
    plan_.requirement = Requirement::floor;
    FloorSetting setting;
    setting.name = "other rounding";
    setting.kl = {1e-4, 1e-3, 2e-3};
    setting.centred_nmse = {1e-4, 1e-3, 2e-3};
    setting.max_abs_diff = {0.05, 0.1, 0.1};
    Floor floor;
    floor.settings = {setting};
    floor.pair = 0;
    floor.margin = 0.1;
    plan_.floor = floor;
    plan_.floor_path = "floor.json";
    plan_.open_floor_pair = [this]() -> Result<std::unique_ptr<Engine>> {
      ++opened_;
      auto engine = std::make_unique<FakeEngine>("pair");
      engine->alter_row = noise(0.01F, 2);
      return engine;
    };
  }

  Comparison judge() {
    auto result = compare_per_token(plan_, candidate_, reference_, observer_, {});
    EXPECT_TRUE(result.has_value());
    return *std::move(result);
  }

  PerTokenPlan plan_;
  FakeEngine candidate_, reference_;
  Quiet observer_;
  int opened_ = 0;
};

TEST_F(FloorJudgementTest, NoiseOfTheFloorsSizePasses) {
  candidate_.alter_row = noise(0.01F, 1);
  const Comparison result = judge();
  EXPECT_EQ(result.verdict, Verdict::match);
  ASSERT_TRUE(result.floor && result.floor->paired);
  EXPECT_EQ(result.floor->paired->word, PairedWord::as_floor);
  EXPECT_NEAR(result.floor->paired->log_ratio, 0, 0.05);
  EXPECT_EQ(result.floor->path, "floor.json");
  EXPECT_EQ(result.floor->above, 0);
  ASSERT_TRUE(result.positions[9].floor.has_value());
  EXPECT_GT(*result.positions[9].floor->distance, 0);
  EXPECT_LE(*result.floor->passing_factor, 1);
  EXPECT_THAT(observer_.phases, Contains("evaluate the floor pair"));
}

TEST_F(FloorJudgementTest, TheRunAsAWholeMayBeLarger) {
  candidate_.alter_row = noise(0.015F, 1);
  const Comparison result = judge();
  EXPECT_EQ(result.verdict, Verdict::diverged);
  EXPECT_FALSE(result.first_divergence.has_value());
  EXPECT_EQ(result.floor->paired->word, PairedWord::larger);
  EXPECT_NEAR(result.floor->paired->log_ratio, std::log(1.5), 0.05);
}

TEST_F(FloorJudgementTest, OnePositionMayBeTooFar) {
  candidate_.alter_row = [rounding = noise(0.01F, 1)](int32_t position, std::vector<float>& row) {
    rounding(position, row);
    if (position == 123) row[0] += 2.5F;
  };
  const Comparison result = judge();
  EXPECT_EQ(result.verdict, Verdict::diverged);
  EXPECT_EQ(result.first_divergence, 123);
  EXPECT_EQ(result.floor->paired->word, PairedWord::as_floor);
  EXPECT_GT(*result.floor->passing_factor, 1);
}

TEST_F(FloorJudgementTest, WhatIsAboveTheFloorWithinItsLimitsIsDrift) {
  plan_.floor->settings[0].kl = plan_.floor->settings[0].centred_nmse = {1e-9, 0.05, 0.06};
  plan_.floor->margin = 3;
  candidate_.alter_row = [rounding = noise(0.01F, 1)](int32_t position, std::vector<float>& row) {
    rounding(position, row);
    if (position == 50) row[0] += 1.2F;
  };
  const Comparison result = judge();
  EXPECT_EQ(result.verdict, Verdict::drift);
  EXPECT_EQ(result.floor->above, 1);
  EXPECT_TRUE(result.positions[50].floor->above);
}

TEST_F(FloorJudgementTest, FlipsAreTiesOrDecisive) {
  plan_.floor->settings[0].kl = plan_.floor->settings[0].centred_nmse = {1, 50, 50};
  plan_.floor->settings[0].max_abs_diff.median = 1.1;  // twice that is above every clean margin
  candidate_.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position == 7) row[static_cast<size_t>((FakeEngine::greedy(position) + 1) % kVocab)] = 4;
  };
  Comparison result = judge();
  EXPECT_EQ(result.floor->tie_flips, 1);
  EXPECT_EQ(result.floor->decisive_flips, 0);
  EXPECT_NE(result.verdict, Verdict::diverged);
  plan_.floor->settings[0].max_abs_diff.median = 0.5;
  result = judge();
  EXPECT_EQ(result.floor->decisive_flips, 1);
  EXPECT_EQ(result.first_divergence, 7);
  EXPECT_FALSE(result.floor->passing_factor.has_value());
}

TEST_F(FloorJudgementTest, EqualRowsNeedNoPair) {
  const Comparison result = judge();
  EXPECT_EQ(result.verdict, Verdict::identical);
  EXPECT_EQ(opened_, 0);
  EXPECT_FALSE(result.floor->paired.has_value());
}

TEST_F(FloorJudgementTest, AFloorThatIsNotRequiredIsShownAndDecidesNothing) {
  plan_.requirement = Requirement::cosine;
  plan_.cos_tol = 0.9;
  candidate_.alter_row = noise(0.1F, 1);
  const Comparison result = judge();
  EXPECT_EQ(result.verdict, Verdict::match);
  EXPECT_GT(result.floor->above, 0);
  EXPECT_EQ(opened_, 0);
  EXPECT_THAT(observer_.phases, Not(Contains("evaluate the floor pair")));
}

TEST_F(FloorJudgementTest, AnUnhealthyRunHasNoPair) {
  candidate_.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position == 3) row[0] = NAN;
  };
  const Comparison result = judge();
  EXPECT_EQ(result.verdict, Verdict::unhealthy);
  EXPECT_EQ(opened_, 0);
  EXPECT_FALSE(result.positions[3].floor.has_value());
}

}  // namespace
}  // namespace crossval
