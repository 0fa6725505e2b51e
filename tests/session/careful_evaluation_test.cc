#include "session/careful_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Six ids, of which one is ill by itself, and a batch with it from `spread_from` on. What was asked
// is kept: "0+6?" is a run of six ids that may give up.
struct Script {
  int ill = -1;
  int spread_from = -1;  // -1: only the ill one itself
  bool only_in_batches = false;
  int no_sense_at = -1;
  std::vector<std::string> asked{};

  Progress run(size_t at, size_t count, bool give_up) {
    asked.push_back(std::to_string(at) + "+" + std::to_string(count) + (give_up ? "?" : ""));
    Progress progress;
    const int end = static_cast<int>(at + count);
    for (int i = static_cast<int>(at); i < end; ++i) {
      const bool reached = ill >= static_cast<int>(at) && ill < end;
      const bool by_itself = i == ill && !(only_in_batches && count == 1);
      const bool spread = reached && count > 1 && spread_from >= 0 && i >= spread_from;
      if ((by_itself || spread) && !progress.ill) {
        progress.ill = HealthFinding{"nan", Side::candidate, i, 0, "ill"};
        if (give_up) return progress;
      }
      if (i == no_sense_at) {
        progress.more = false;
        return progress;
      }
      ++progress.rows;
    }
    return progress;
  }

  Result<Progress> evaluate(bool can_step = true, size_t count = 6) {
    const Evaluation evaluation = {[this](size_t at, size_t n, bool give_up) -> Result<Progress> {
                                     return run(at, n, give_up);
                                   },
                                   [this]() -> Result<void> {
                                     asked.emplace_back("again");
                                     return {};
                                   }};
    return evaluate_carefully(count, can_step, evaluation);
  }
};

TEST(CarefulEvaluation, HealthyIdsAreOneBatch) {
  Script script;
  const auto progress = script.evaluate();
  EXPECT_THAT(script.asked, ElementsAre("0+6?"));
  EXPECT_EQ(progress->rows, 6U);
  EXPECT_TRUE(progress->more);
  EXPECT_FALSE(progress->ill.has_value());
}

TEST(CarefulEvaluation, TheOneThatIsIllByItselfIsFound) {
  Script script{.ill = 4, .spread_from = 2};
  const auto progress = script.evaluate();
  EXPECT_THAT(script.asked, ElementsAre("0+6?", "again", "2+1", "3+1", "4+1"));
  EXPECT_EQ(progress->rows, 5U);
  ASSERT_TRUE(progress->ill.has_value());
  EXPECT_EQ(progress->ill->position, 4);
  EXPECT_EQ(progress->ill->detail, "ill");
  EXPECT_FALSE(progress->of_batch_alone);
}

TEST(CarefulEvaluation, WhatOnlyABatchShowsIsToldAsThat) {
  Script script{.ill = 4, .spread_from = 3, .only_in_batches = true};
  const auto progress = script.evaluate();
  EXPECT_THAT(script.asked, ElementsAre("0+6?", "again", "3+1", "4+1", "5+1"));
  EXPECT_EQ(progress->rows, 6U);
  EXPECT_TRUE(progress->of_batch_alone);
  EXPECT_EQ(progress->ill->position, 3);
  EXPECT_THAT(progress->ill->detail, HasSubstr("one by one, every position is finite"));
}

TEST(CarefulEvaluation, OneIdIsNoBatchAndNeitherIsWhatCannotStep) {
  Script one{.ill = 0};
  EXPECT_EQ(one.evaluate(true, 1)->ill->position, 0);
  EXPECT_THAT(one.asked, ElementsAre("0+1"));
  Script unable{.ill = 4, .spread_from = 2};
  const auto progress = unable.evaluate(false);
  EXPECT_THAT(unable.asked, ElementsAre("0+6"));
  EXPECT_EQ(progress->ill->position, 2);
  EXPECT_EQ(progress->rows, 6U);
}

TEST(CarefulEvaluation, EndsWhereThereIsNoSenseInGoingOn) {
  Script batch{.no_sense_at = 3};
  EXPECT_FALSE(batch.evaluate()->more);
  EXPECT_THAT(batch.asked, ElementsAre("0+6?"));
  Script single{.ill = 4, .spread_from = 2, .no_sense_at = 3};
  const auto progress = single.evaluate();
  EXPECT_THAT(single.asked, ElementsAre("0+6?", "again", "2+1", "3+1"));
  EXPECT_FALSE(progress->more);
  EXPECT_FALSE(progress->ill.has_value());
  EXPECT_EQ(progress->rows, 3U);
}

TEST(CarefulEvaluation, ErrorsEndIt) {
  const Error error{ExitCode::engine_failed, "a fire", {}, {}};
  const Evaluation fails_at_once = {
      [&](size_t, size_t, bool) -> Result<Progress> { return tl::unexpected(error); },
      []() -> Result<void> { return {}; }};
  EXPECT_EQ(evaluate_carefully(2, true, fails_at_once).error().what, "a fire");
  Script script{.ill = 0};
  const Evaluation fails_again = {[&](size_t at, size_t n, bool give_up) -> Result<Progress> {
                                    return script.run(at, n, give_up);
                                  },
                                  [&]() -> Result<void> { return tl::unexpected(error); }};
  EXPECT_EQ(evaluate_carefully(2, true, fails_again).error().what, "a fire");
}

}  // namespace
}  // namespace crossval
