// Two engines on two threads: who waits for whom, who stops whom. Run under ThreadSanitizer too.
#include "session/lockstep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;

void wait_until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 300s;
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited in vain";
    std::this_thread::yield();
  }
}

TEST(Lockstep, WhoeverIsSlowRowsMeetInOrder) {
  for (const int slow : {0, 1, 2, 3}) {  // nobody, candidate, reference, both
    FakeEngine candidate, reference;
    const auto doze = [](int32_t position) {
      if (position % 5 == 0) std::this_thread::sleep_for(1ms);
    };
    if ((slow & 1) != 0) candidate.before_row = doze;
    if ((slow & 2) != 0) reference.before_row = doze;
    const auto result = run(plan_of_ids(100, 5), candidate, reference);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    EXPECT_EQ(result->verdict, Verdict::identical);
    ASSERT_EQ(result->positions.size(), 105U);
    for (int32_t i = 0; i < 105; ++i) {
      EXPECT_EQ(result->positions[static_cast<size_t>(i)].position, i);
    }
  }
}

TEST(Lockstep, WhatAnEngineThrowsOnItsThreadIsAnErrorAndLeavesNobodyWaiting) {
  for (const Side thrower : {Side::candidate, Side::reference}) {
    for (const bool memory : {true, false}) {
      FakeEngine candidate, reference;
      (thrower == Side::candidate ? candidate : reference).before_row = [&](int32_t position) {
        if (position != 3) return;
        if (memory) throw std::bad_alloc();
        throw std::runtime_error("a mistake");
      };
      const auto result = run(plan_of_ids(100), candidate, reference);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().code, memory ? ExitCode::engine_failed : ExitCode::internal);
      EXPECT_THAT(result.error().message(), HasSubstr(memory ? "not enough memory" : "a mistake"));
      EXPECT_THAT(result.error().where,
                  HasSubstr(thrower == Side::candidate ? "candidate" : "reference"));
    }
  }
}

TEST(Lockstep, BothEnginesWorkAtTheSameTime) {
  FakeEngine candidate, reference;
  std::atomic<int> arrived = 0;
  candidate.before_row = reference.before_row = [&](int32_t position) {
    if (position != 0) return;
    ++arrived;
    wait_until([&] { return arrived == 2; });  // each waits for the other to be at work
  };
  EXPECT_TRUE(run(plan_of_ids(3), candidate, reference).has_value());
  EXPECT_EQ(arrived, 2);
}

TEST(Lockstep, TheFasterSideIsNeverTooFarAhead) {
  for (const Side fast : {Side::candidate, Side::reference}) {
    RowExchange exchange(0, 1000);
    const Side slow = fast == Side::candidate ? Side::reference : Side::candidate;
    std::atomic<int32_t> put = 0;
    std::jthread ahead([&] {
      const std::vector<float> row(10, 1.0F);
      for (int32_t i = 0; i < 1000; ++i) {
        if (!exchange.put(fast, i, row)) break;
        ++put;
      }
      exchange.finish(fast);
    });
    wait_until([&] { return put == RowExchange::kMostAhead; });
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(put, RowExchange::kMostAhead);  // blocked
    const std::vector<float> row(10, 2.0F);
    for (int32_t i = 0; i < 1000; ++i) {
      ASSERT_TRUE(exchange.put(slow, i, row));
      const auto pair = exchange.next();
      ASSERT_TRUE(pair.has_value());
      EXPECT_EQ(pair->position, i);
      EXPECT_EQ(pair->of(fast).logits[0], 1.0F);
      EXPECT_LE(put - i, RowExchange::kMostAhead + 1);
    }
    exchange.finish(slow);
    EXPECT_FALSE(exchange.next().has_value());
    ahead.join();
    EXPECT_FALSE(exchange.count_finding(fast).has_value());
    EXPECT_FALSE(exchange.count_finding(slow).has_value());
  }
}

TEST(Lockstep, WideRowsAreFewerAhead) {
  const auto ahead = [](size_t n_vocab) {
    return RowExchange::rows_ahead(std::vector<float>(n_vocab));
  };
  EXPECT_EQ(ahead(64), 256);
  EXPECT_EQ(ahead(49152), 170);  // 192 KiB of 32 MiB
  EXPECT_EQ(ahead(262144), 32);  // 1 MiB
  EXPECT_EQ(ahead(5000000), 8);  // 19 MiB
  EXPECT_EQ(RowExchange::rows_ahead(TopRow{}), 256);
}

TEST(Lockstep, AnEngineThatFailsStopsTheOtherThatIsBlocked) {
  for (const Side failing : {Side::candidate, Side::reference}) {
    FakeEngine candidate("native"), reference("llama.cpp");
    FakeEngine& bad = failing == Side::candidate ? candidate : reference;
    FakeEngine& good = failing == Side::candidate ? reference : candidate;
    std::atomic<int32_t> reached = 0;
    good.before_row = [&](int32_t position) { reached = position; };
    bad.before_row = [&](int32_t position) {
      // The other side has used up its credit and sits in its sink.
      if (position == 3) wait_until([&] { return reached >= RowExchange::kMostAhead; });
    };
    bad.fail_before[3] = {ExitCode::engine_failed, "the worker died", "SIGSEGV", "see its log"};
    const auto result = run(plan_of_ids(400, 4), candidate, reference);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ExitCode::engine_failed);
    EXPECT_EQ(result.error().what, "the worker died");
    EXPECT_EQ(result.error().where, failing == Side::candidate ? "candidate native, SIGSEGV"
                                                               : "reference llama.cpp, SIGSEGV");
    EXPECT_EQ(result.error().hint, "see its log");
    EXPECT_TRUE(good.cancelled);
    EXPECT_LT(good.rows_given, RowExchange::kMostAhead + 20);
  }
}

TEST(Lockstep, BothFailuresAreTold) {
  FakeEngine candidate("native"), reference("llama.cpp");
  std::atomic<int> arrived = 0;
  candidate.before_row = reference.before_row = [&](int32_t) {
    ++arrived;
    wait_until([&] { return arrived == 2; });
  };
  candidate.fail_before[0] = {ExitCode::engine_failed, "first trouble", "", ""};
  reference.fail_before[0] = {ExitCode::engine_failed, "second trouble", "", ""};
  const auto result = run(plan_of_ids(5), candidate, reference);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::engine_failed);
  EXPECT_THAT(result.error().message(), HasSubstr("first trouble (candidate native)"));
  EXPECT_THAT(result.error().message(), HasSubstr("second trouble (reference llama.cpp)"));
}

TEST(Lockstep, AFailureInADecodeStepIsAttributed) {
  for (const auto& [own, told] :
       {std::pair{"", "reference llama.cpp"},
        {"engine llama.cpp", "reference llama.cpp"},
        {"engine llama.cpp, position 6", "reference llama.cpp, position 6"},
        {"position 6", "reference llama.cpp, position 6"}}) {
    FakeEngine candidate, reference("llama.cpp");
    reference.fail_before[6] = {ExitCode::engine_failed, "lost", own, ""};
    const auto result = run(plan_of_ids(5, 4), candidate, reference);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().where, told);
  }
}

TEST(Lockstep, AStopInTheMiddleInterruptsBoth) {
  for (const Side stopping : {Side::candidate, Side::reference}) {
    FakeEngine candidate, reference;
    std::stop_source stop;
    (stopping == Side::candidate ? candidate : reference).before_row = [&](int32_t position) {
      if (position == 20) stop.request_stop();
    };
    const auto result = run(plan_of_ids(400), candidate, reference, stop.get_token());
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ExitCode::interrupted);
    EXPECT_LT(candidate.rows_given, RowExchange::kMostAhead + 40);
    EXPECT_LT(reference.rows_given, RowExchange::kMostAhead + 40);
  }
}

TEST(Lockstep, AStopWhileDecodingOrBeforeTheStart) {
  FakeEngine candidate, reference;
  std::stop_source stop;
  candidate.before_row = [&](int32_t position) {
    if (position == 6) stop.request_stop();
  };
  EXPECT_EQ(run(plan_of_ids(5, 4), candidate, reference, stop.get_token()).error().code,
            ExitCode::interrupted);
  FakeEngine a, b;
  EXPECT_EQ(run(plan_of_ids(5), a, b, stop.get_token()).error().code, ExitCode::interrupted);
  EXPECT_TRUE(a.evaluated.empty());
}

TEST(Lockstep, AnErrorOfTheComparisonStopsBoth) {
  FakeEngine candidate, reference;
  const std::vector<TokenId> ids(400, 1);
  LockstepPlan plan;
  plan.count = 400;
  plan.rows_of = [&](Engine& engine, const RowSink& sink) {
    return engine.evaluate({.ids = ids}, sink);
  };
  plan.compare = [](const RowPair& pair) -> Result<bool> {
    if (pair.position == 10) return fail(ExitCode::cannot_write, "disk full");
    return true;
  };
  const auto result = run_lockstep({candidate, reference}, plan, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::cannot_write);
  EXPECT_TRUE(candidate.cancelled);
  EXPECT_TRUE(reference.cancelled);
}

}  // namespace
}  // namespace crossval
