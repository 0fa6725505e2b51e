#include "session/first_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<TokenId> kIds(20, 1);

TraceComparison compared(FakeEngine& candidate, FakeEngine& reference) {
  const auto result = compare_traces({candidate, reference}, kIds, {});
  EXPECT_TRUE(result.has_value()) << result.error().message();
  return result.value_or(TraceComparison{});
}

// Adds to one element at one position and, as a wrong value does, to all that is computed later.
void bend(FakeEngine& engine, const std::string& label, int32_t where, size_t element) {
  engine.alter_tensor = [=](const std::string& now, int32_t position, std::vector<float>& row) {
    if (now == label && position == where) row.at(element) += 0.5F;
    if (now == "result_output MUL_MAT" && position >= where) row[0] += 1.0F;
  };
}

TEST(LockstepTrace, EqualEnginesHaveNoDifference) {
  FakeEngine candidate, reference;
  const auto trace = compared(candidate, reference);
  EXPECT_FALSE(trace.differs);
  EXPECT_EQ(trace.tensors_compared, 5);
  EXPECT_THAT(trace.only_candidate, IsEmpty());
  EXPECT_THAT(trace.only_reference, IsEmpty());
}

TEST(LockstepTrace, TheFirstTensorIsNamedWithItsValues) {
  FakeEngine candidate, reference;
  bend(candidate, "Qcur-0 ROPE", 7, 2);
  const auto trace = compared(candidate, reference);
  ASSERT_TRUE(trace.differs);
  EXPECT_EQ(trace.first.tensor, "Qcur-0");
  EXPECT_EQ(trace.first.op, "ROPE");
  EXPECT_EQ(trace.first.layer, 0);
  EXPECT_EQ(trace.first.position, 7);
  EXPECT_EQ(trace.first.element, 2);
  EXPECT_EQ(trace.first.width, 4);
  EXPECT_EQ(trace.first.candidate, 702.5F);
  EXPECT_EQ(trace.first.reference, 702.0F);
  EXPECT_EQ(trace.first.differing, 1);
  EXPECT_EQ(trace.first.compared, 20 * 4);
  EXPECT_EQ(trace.first.max_abs_diff, 0.5);
  EXPECT_EQ(trace.first.last_equal, "embd GET_ROWS");
}

TEST(LockstepTrace, ChunksNeedNotBeTheSame) {
  for (const int32_t chunk : {1, 3, 7, 20}) {
    FakeEngine candidate, reference;
    candidate.chunk = chunk;
    reference.chunk = 6;
    EXPECT_FALSE(compared(candidate, reference).differs) << chunk;
    bend(candidate, "l_out-0 ADD", 13, 3);
    const auto trace = compared(candidate, reference);
    ASSERT_TRUE(trace.differs);
    EXPECT_EQ(trace.first.tensor, "l_out-0") << chunk;
    EXPECT_EQ(trace.first.position, 13);
    EXPECT_EQ(trace.first.compared, 20 * 4);
    EXPECT_EQ(trace.first.last_equal, "kq-0 MUL_MAT");
  }
}

TEST(LockstepTrace, ScoresOfKeysThatAQueryDoesNotSeeAreNotCompared) {
  FakeEngine candidate, reference;
  candidate.chunk = 5;
  reference.chunk = 20;  // its scores are padded with other values
  EXPECT_FALSE(compared(candidate, reference).differs);
  candidate.alter_tensor = [](const std::string& now, int32_t position, std::vector<float>& row) {
    const size_t keys = row.size() / 2;
    if (now == "kq-0 MUL_MAT" && position == 8) row[keys + 3] += 1.0F;  // head 1, key 3
  };
  const auto trace = compared(candidate, reference);
  ASSERT_TRUE(trace.differs);
  EXPECT_EQ(trace.first.tensor, "kq-0");
  EXPECT_EQ(trace.first.position, 8);
  EXPECT_EQ(trace.first.width, 2 * 9);
  EXPECT_EQ(trace.first.element, 9 + 3);
  EXPECT_EQ(trace.first.differing, 1);
}

TEST(LockstepTrace, OrdersMayDifferAndTheCandidatesCounts) {
  FakeEngine candidate, reference;
  reference.graph = {reference.graph[0], reference.graph[3], reference.graph[1], reference.graph[2],
                     reference.graph[4]};
  EXPECT_FALSE(compared(candidate, reference).differs);
  candidate.alter_tensor = [](const std::string& now, int32_t, std::vector<float>& row) {
    if (now == "l_out-0 ADD" || now == "Qcur-0 ROPE") row[0] += 1.0F;
  };
  EXPECT_EQ(compared(candidate, reference).first.tensor, "Qcur-0");
  std::swap(candidate.graph, reference.graph);
  EXPECT_EQ(compared(candidate, reference).first.tensor, "l_out-0");
}

TEST(LockstepTrace, TensorsOfOneSideAreListed) {
  FakeEngine candidate, reference;
  candidate.graph.insert(candidate.graph.begin() + 1, {"only_here", "MUL", 0});
  reference.graph.insert(reference.graph.begin() + 2, {"Qcur-0", "ROPE", 0, 4, 0, 1});
  reference.graph[4].width = 8;  // l_out-0 of another width is another tensor
  const auto trace = compared(candidate, reference);
  EXPECT_FALSE(trace.differs);
  EXPECT_EQ(trace.tensors_compared, 4);
  EXPECT_THAT(trace.only_candidate, ElementsAre("only_here MUL", "l_out-0 ADD"));
  EXPECT_THAT(trace.only_reference, ElementsAre("Qcur-0 ROPE #2", "l_out-0 ADD"));
}

TEST(LockstepTrace, BitsAreCompared) {
  FakeEngine candidate, reference;
  const auto put = [](FakeEngine& engine, float value) {
    engine.alter_tensor = [value](const std::string& now, int32_t, std::vector<float>& row) {
      if (now == "embd GET_ROWS") row[1] = value;
    };
  };
  put(candidate, 0.0F);
  put(reference, -0.0F);
  const auto zeros = compared(candidate, reference);
  EXPECT_TRUE(zeros.differs);
  EXPECT_EQ(zeros.first.max_abs_diff, 0);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  put(candidate, nan);
  EXPECT_TRUE(std::isnan(compared(candidate, reference).first.max_abs_diff));
  put(reference, nan);
  EXPECT_FALSE(compared(candidate, reference).differs);
}

TEST(LockstepTrace, EveryNaNIsTheSameValue) {
  FakeEngine candidate, reference;
  const auto put = [](FakeEngine& engine, uint32_t bits) {
    engine.alter_tensor = [bits](const std::string& now, int32_t, std::vector<float>& row) {
      if (now == "embd GET_ROWS") row[1] = std::bit_cast<float>(bits);
      if (now == "l_out-0 ADD" && bits == 0xFFC00000U) row[0] = 1;
      if (now == "l_out-0 ADD") row[1] = std::bit_cast<float>(bits);
    };
  };
  put(candidate, 0xFFC00000U);
  put(reference, 0x7FC12345U);
  const auto trace = compared(candidate, reference);
  ASSERT_TRUE(trace.differs);
  EXPECT_EQ(trace.first.tensor, "l_out-0");
  EXPECT_EQ(trace.first.element, 0);
  EXPECT_EQ(trace.first.differing, 20);
}

TEST(LockstepTrace, TheInputsAreThoseThatAnEngineTells) {
  FakeEngine candidate, reference;
  bend(candidate, "l_out-0 ADD", 7, 2);
  EXPECT_THAT(compared(candidate, reference).first.inputs, IsEmpty());
  EXPECT_EQ(compared(candidate, reference).first.weight, "");
  reference.graph[3].inputs = {"Qcur-0 ROPE", "inp_pos"};
  reference.graph[3].weight = "blk.0.bias";
  const auto first = compared(candidate, reference).first;
  ASSERT_EQ(first.inputs.size(), 2U);
  EXPECT_EQ(first.inputs[0].tensor, "Qcur-0 ROPE");
  EXPECT_TRUE(first.inputs[0].compared && first.inputs[0].equal);
  EXPECT_FALSE(first.inputs[1].compared || first.inputs[1].equal);
  EXPECT_EQ(first.weight, "blk.0.bias");
  candidate.graph[3].inputs = {"embd GET_ROWS"};  // its own account goes before
  EXPECT_EQ(compared(candidate, reference).first.inputs[0].tensor, "embd GET_ROWS");
}

TEST(LockstepTrace, MalformedTensorsAreTheEnginesFailure) {
  FakeEngine candidate, reference("llama.cpp");
  reference.alter_tensor = [](const std::string& now, int32_t position, std::vector<float>& row) {
    if (now == "l_out-0 ADD" && position == 3) row.pop_back();
  };
  const auto result = compare_traces({candidate, reference}, kIds, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::engine_failed);
  EXPECT_THAT(result.error().where, HasSubstr("reference llama.cpp, trace, tensor l_out-0 ADD"));
}

TEST(LockstepTrace, AnEngineThatIsNotDeterministicIsNoDifference) {
  FakeEngine candidate, reference;
  int traces = 0;
  candidate.alter_tensor = [&](const std::string& now, int32_t position, std::vector<float>& row) {
    if (now == "embd GET_ROWS" && position == 0 && traces++ == 0) row[0] = 5.0F;
  };
  const auto result = compare_traces({candidate, reference}, kIds, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().what, HasSubstr("not deterministic"));
}

TEST(LockstepTrace, AStopInterrupts) {
  FakeEngine candidate, reference;
  std::stop_source stop;
  reference.alter_tensor = [&](const std::string& now, int32_t, std::vector<float>&) {
    if (now == "kq-0 MUL_MAT") stop.request_stop();
  };
  const auto result = compare_traces({candidate, reference}, kIds, stop.get_token());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::interrupted);
}

TEST(PerTokenTrace, TheTraceEndsAtTheFirstBadPosition) {
  FakeEngine candidate, reference;
  candidate.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position >= 6) row[0] += 1.0F;  // 6 is a decode step
  };
  bend(candidate, "Qcur-0 ROPE", 2, 0);
  auto plan = plan_of_ids(5, 4);
  plan.first_diff = true;
  const auto result = run(plan, candidate, reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(candidate.traced, 7);
  EXPECT_EQ(reference.traced, 7);
  ASSERT_TRUE(result->trace.has_value());
  EXPECT_EQ(result->trace->first.tensor, "Qcur-0");
  EXPECT_THAT(result->warnings, IsEmpty());
}

TEST(PerTokenTrace, WithoutABadPositionEverythingIsTraced) {
  FakeEngine candidate, reference;
  auto plan = plan_of_ids(5, 4);
  plan.first_diff = true;
  const auto result = run(plan, candidate, reference);
  EXPECT_EQ(candidate.traced, 9);
  EXPECT_EQ(result->verdict, Verdict::identical);
  EXPECT_FALSE(result->trace->differs);
  EXPECT_EQ(result->trace->tensors_compared, 5);
  plan.first_diff = false;
  EXPECT_FALSE(run(plan, candidate, reference)->trace.has_value());
}

TEST(PerTokenTrace, NoCommonTensorIsNeverNoDifference) {
  FakeEngine candidate, reference;
  reference.graph = {{"other", "MUL"}};
  auto plan = plan_of_ids(5);
  plan.first_diff = true;
  const auto result = run(plan, candidate, reference);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->verdict, Verdict::unhealthy);
  ASSERT_EQ(result->health.size(), 1U);
  EXPECT_EQ(result->health[0].name, "nothing-compared");
}

TEST(PerTokenTrace, ADifferenceThatTheTraceDoesNotShowIsSaid) {
  FakeEngine candidate, reference;
  candidate.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position == 2) row[0] += 1.0F;
  };
  auto plan = plan_of_ids(5);
  plan.first_diff = true;
  const auto result = run(plan, candidate, reference);
  ASSERT_EQ(result->warnings.size(), 1U);
  EXPECT_EQ(result->warnings[0].name, "difference-not-traced");
}

}  // namespace
}  // namespace crossval
