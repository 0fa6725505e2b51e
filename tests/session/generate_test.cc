#include "session/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The fake engine's greedy choices after its prompt of five tokens, (7 × position + 2) mod 19 from
// position 4 on: 11, 18, 6, 13, 1, …; token 6 is the text "<6>".
GenerationPlan plan_of(int32_t max_tokens) {
  GenerationPlan plan;
  plan.prompt.text = "text";
  plan.max_tokens = max_tokens;
  return plan;
}

struct Shown {
  Result<Generation> generation;
  std::string text;
};

Shown run_shown(const GenerationPlan& plan, Engine& engine, std::stop_token stop = {}) {
  Shown shown;
  shown.generation = generate(
      plan, engine,
      [&](std::string_view text) -> Result<void> {
        EXPECT_FALSE(text.empty());
        shown.text += text;
        return {};
      },
      std::move(stop));
  return shown;
}

TEST(Generate, GreedyToMaxTokens) {
  FakeEngine engine;
  const auto shown = run_shown(plan_of(5), engine);
  ASSERT_TRUE(shown.generation.has_value()) << shown.generation.error().message();
  const Generation& generation = *shown.generation;
  EXPECT_THAT(generation.prompt_tokens, ElementsAre(3, 1, 4, 1, 5));
  EXPECT_THAT(generation.tokens, ElementsAre(11, 18, 6, 13, 1));
  EXPECT_EQ(generation.text, "<11><18><6><13><1>");
  EXPECT_EQ(shown.text, generation.text);
  EXPECT_EQ(generation.stop, StopReason::max_tokens);
  EXPECT_EQ(exit_code(generation.stop), ExitCode::ok);
  EXPECT_EQ(generation.prompt.text, "text");
  EXPECT_EQ(generation.engine.identity.name, "fake");
  // The last token is not evaluated: nobody needs what comes after it.
  EXPECT_EQ(generation.prompt_positions, 5);
  EXPECT_EQ(generation.decode_steps, 4);
  EXPECT_THAT(engine.evaluated, ElementsAre(3, 1, 4, 1, 5, 11, 18, 6, 13));
}

TEST(Generate, WarningsAreThePromptsAndTheEngines) {
  FakeEngine engine;
  EXPECT_TRUE(run_shown(plan_of(1), engine).generation->warnings.empty());
  engine.info_.warnings = {{"i2s-layout", "assumed"}};
  GenerationPlan plan = plan_of(1);
  plan.prompt.warnings = {{"bos-doubled", "twice"}};
  const auto shown = run_shown(plan, engine);
  ASSERT_TRUE(shown.generation.has_value());
  ASSERT_EQ(shown.generation->warnings.size(), 2U);
  EXPECT_EQ(shown.generation->warnings[0].name, "bos-doubled");
  EXPECT_EQ(shown.generation->warnings[1].name, "i2s-layout");
}

TEST(Generate, NoTokensEvaluateThePromptAlone) {
  FakeEngine engine;
  const auto shown = run_shown(plan_of(0), engine);
  ASSERT_TRUE(shown.generation.has_value());
  EXPECT_EQ(engine.rows_given, 5);
  EXPECT_TRUE(shown.generation->tokens.empty());
}

TEST(Generate, EndOfGenerationIsNotShown) {
  FakeEngine engine;
  engine.end_of_generation = 6;
  const auto shown = run_shown(plan_of(50), engine);
  ASSERT_TRUE(shown.generation.has_value());
  EXPECT_EQ(shown.generation->stop, StopReason::end_of_generation);
  EXPECT_THAT(shown.generation->tokens, ElementsAre(11, 18));
  EXPECT_EQ(shown.text, "<11><18>");
}

TEST(Generate, AStopTextAcrossTokens) {
  FakeEngine engine;
  auto plan = plan_of(50);
  plan.stop_texts = {"never", "><6"};
  const auto shown = run_shown(plan, engine);
  ASSERT_TRUE(shown.generation.has_value());
  EXPECT_EQ(shown.generation->stop, StopReason::stop_text);
  EXPECT_EQ(shown.text, "<11><18");
  EXPECT_EQ(shown.generation->text, shown.text);
  EXPECT_THAT(shown.generation->tokens, ElementsAre(11, 18, 6));
}

TEST(Generate, WhatAStopTextHeldBackIsShownAtTheEnd) {
  FakeEngine engine;
  auto plan = plan_of(2);
  plan.stop_texts = {"8>!"};
  EXPECT_EQ(run_shown(plan, engine).text, "<11><18>");
}

TEST(Generate, TheContextEndsIt) {
  FakeEngine engine;
  engine.info_.settings.n_ctx = 7;
  const auto shown = run_shown(plan_of(50), engine);
  ASSERT_TRUE(shown.generation.has_value());
  EXPECT_EQ(shown.generation->stop, StopReason::context_full);
  EXPECT_EQ(engine.rows_given, 7);
  EXPECT_THAT(shown.generation->tokens, ElementsAre(11, 18, 6));  // the last by the last row
}

TEST(Generate, SamplingDrawsBySeed) {
  const auto tokens = [](uint64_t seed) {
    FakeEngine engine;
    auto plan = plan_of(30);
    plan.sampling = {.temperature = 3, .seed = seed};
    return run_shown(plan, engine).generation->tokens;
  };
  EXPECT_EQ(tokens(1), tokens(1));
  EXPECT_NE(tokens(1), tokens(2));
}

TEST(Generate, ARowThatNoWorkingEngineGivesIsNotSampled) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  for (const int32_t bad : {2, 4, 6}) {  // inside the prompt, its last, a decode step
    FakeEngine engine("broken");
    engine.alter_row = [&](int32_t position, std::vector<float>& row) {
      if (position == bad) row[3] = kNaN;
    };
    const auto shown = run_shown(plan_of(5), engine);
    ASSERT_FALSE(shown.generation.has_value()) << bad;
    EXPECT_EQ(shown.generation.error().code, ExitCode::unhealthy);
    EXPECT_EQ(shown.generation.error().where, "engine broken, position " + std::to_string(bad));
    EXPECT_THAT(shown.generation.error().what, HasSubstr("NaN"));
    EXPECT_EQ(shown.text, bad < 5 ? "" : "<11><18>");
  }
}

// As 0 × NaN of hidden keys makes it: every row of a batch that reaches position 3 is ill.
TEST(Generate, ABatchThatSpreadsNaNDoesNotMoveItsPosition) {
  FakeEngine engine("spreading");
  int32_t last = 0;
  engine.alter_positions = [&](std::vector<int32_t> positions) {
    last = positions.back();
    return positions;
  };
  engine.alter_row = [&](int32_t, std::vector<float>& row) {
    if (last >= 3) row[3] = std::numeric_limits<float>::quiet_NaN();
  };
  const auto shown = run_shown(plan_of(5), engine);
  ASSERT_FALSE(shown.generation.has_value());
  EXPECT_EQ(shown.generation.error().code, ExitCode::unhealthy);
  EXPECT_EQ(shown.generation.error().where, "engine spreading, position 3");
}

TEST(Generate, MissingRowsAreAnError) {
  FakeEngine engine;
  engine.alter_positions = [](std::vector<int32_t> all) {
    all.pop_back();
    return all;
  };
  const auto shown = run_shown(plan_of(5), engine);
  ASSERT_FALSE(shown.generation.has_value());
  EXPECT_EQ(shown.generation.error().code, ExitCode::unhealthy);
  EXPECT_EQ(shown.generation.error().what, "4 rows for 5 positions");
}

TEST(Generate, InterruptedKeepsWhatThereIs) {
  std::stop_source source;
  FakeEngine engine;
  engine.before_row = [&](int32_t position) {
    if (position == 6) source.request_stop();
  };
  auto plan = plan_of(1000);
  plan.stop_texts = {">!"};
  const auto shown = run_shown(plan, engine, source.get_token());
  ASSERT_TRUE(shown.generation.has_value());
  EXPECT_EQ(shown.generation->stop, StopReason::interrupted);
  EXPECT_EQ(exit_code(shown.generation->stop), ExitCode::interrupted);
  EXPECT_EQ(shown.text, "<11><18>");
}

TEST(Generate, AnInterruptedEnginesErrorIsNoError) {
  std::stop_source source;
  FakeEngine engine;
  engine.before_row = [&](int32_t position) {
    if (position == 3) source.request_stop();
  };
  engine.fail_before[3] = {ExitCode::interrupted, "interrupted", "", ""};
  const auto shown = run_shown(plan_of(10), engine, source.get_token());
  ASSERT_TRUE(shown.generation.has_value());
  EXPECT_EQ(shown.generation->stop, StopReason::interrupted);
  EXPECT_TRUE(shown.generation->tokens.empty());
  // Speeds are of what was evaluated.
  EXPECT_EQ(shown.generation->prompt_tokens.size(), 5U);
  EXPECT_EQ(shown.generation->prompt_positions, 3);
}

TEST(Generate, AnEnginesErrorEndsIt) {
  FakeEngine engine;
  engine.fail_before[6] = {ExitCode::engine_failed, "it broke", "engine fake", ""};
  const auto shown = run_shown(plan_of(10), engine);
  ASSERT_FALSE(shown.generation.has_value());
  EXPECT_EQ(shown.generation.error().what, "it broke");
  EXPECT_EQ(shown.text, "<11><18>");
}

TEST(Generate, ASinkThatCannotWriteEndsIt) {
  FakeEngine engine;
  const auto generation =
      generate(plan_of(10), engine,
               [](std::string_view) { return fail(ExitCode::cannot_write, "full"); }, {});
  ASSERT_FALSE(generation.has_value());
  EXPECT_EQ(generation.error().code, ExitCode::cannot_write);
  EXPECT_EQ(engine.rows_given, 5);
}

TEST(Generate, WhatTheEngineCannotDoIsRefusedByName) {
  for (const auto what : {&Capabilities::tokenize, &Capabilities::decode}) {
    FakeEngine engine;
    engine.info_.capabilities.*what = false;
    const auto shown = run_shown(plan_of(10), engine);
    ASSERT_FALSE(shown.generation.has_value());
    EXPECT_EQ(shown.generation.error().code, ExitCode::usage);
    EXPECT_EQ(shown.generation.error().where, "engine fake");
  }
}

TEST(Generate, IdsAloneWhereThereIsNoVocabulary) {
  FakeEngine engine;
  engine.info_.capabilities.tokenize = false;
  engine.info_.warnings = {{"i2s-layout", "of the engine"}};
  GenerationPlan plan = plan_of(2);
  plan.prompt.text.clear();
  plan.prompt.ids = {3, 1, 4, 1, 5};
  const auto shown = run_shown(plan, engine);
  ASSERT_TRUE(shown.generation.has_value()) << shown.generation.error().message();
  EXPECT_EQ(shown.generation->tokens.size(), 2U);
  EXPECT_EQ(shown.text, "");
  ASSERT_EQ(shown.generation->warnings.size(), 2U);
  EXPECT_EQ(shown.generation->warnings[0].name, "i2s-layout");
  EXPECT_EQ(shown.generation->warnings[1].name, "no-text");
  engine.info_.capabilities.tokenize = true;
  EXPECT_EQ(run_shown(plan, engine).generation->warnings.size(), 1U);
}

}  // namespace
}  // namespace crossval
