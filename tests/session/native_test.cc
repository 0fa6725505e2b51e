// The native engine against itself with each planted fault: caught under --require bits, and the
// operation named where tests/native/mistakes_test.cc says the fault sits.
#include <gtest/gtest.h>

#include <map>

#include "native/tiny_model.h"
#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace testing_support;

PerTokenPlan bits_plan() {
  PerTokenPlan plan;
  plan.prompt.ids = tiny_ids();
  plan.max_tokens = 3;
  plan.requirement = Requirement::bits;
  plan.first_diff = true;
  return plan;
}

const std::map<std::string, std::string> kNamed = {{"rope-pairing", "Qcur-0 ROPE"},
                                                   {"rope-base", "Qcur-0 ROPE"},
                                                   {"position", "Qcur-0 ROPE"},
                                                   {"eps", "norm-0 RMS_NORM"},
                                                   {"missing-norm-weight", "attn_norm-0 MUL"},
                                                   {"gqa-map", "kq-0 MUL_MAT"},
                                                   {"block-scale", "ffn_gate-1 MUL_MAT"},
                                                   {"weight-bit", "ffn_gate-1 MUL_MAT"},
                                                   {"nan", "l_out-1 ADD"},
                                                   {"wrong-head", "result_output MUL_MAT"}};

TEST(PerTokenNative, EveryFaultIsCaughtAndItsOperationNamed) {
  for (const auto& [fault, operation] : kNamed) {
    const auto candidate = make_tiny({.faults = {fault}});
    const auto reference = make_tiny({});
    const auto result = run(bits_plan(), *candidate, *reference);
    ASSERT_TRUE(result.has_value()) << fault << ": " << result.error().message();
    EXPECT_EQ(result->verdict, fault == "nan" ? Verdict::unhealthy : Verdict::diverged) << fault;
    ASSERT_TRUE(result->trace.has_value() && result->trace->differs) << fault;
    EXPECT_EQ(result->trace->first.tensor + " " + result->trace->first.op, operation) << fault;
    EXPECT_GT(result->trace->first.differing, 0);
  }
}

// The mask of a query's own key: its scores are the same for every key it sees, the softmax over
// them is not.
TEST(PerTokenNative, TheMaskFaultIsCaughtInAttention) {
  const auto candidate = make_tiny({.faults = {"mask"}});
  const auto reference = make_tiny({});
  const auto result = run(bits_plan(), *candidate, *reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->verdict, Verdict::diverged);
  ASSERT_TRUE(result->trace.has_value() && result->trace->differs);
  EXPECT_EQ(result->trace->first.layer, 0);
  EXPECT_EQ(result->trace->first.tensor.substr(0, 2), "kq");
}

TEST(PerTokenNative, WithoutAFaultNothingFires) {
  const auto candidate = make_tiny({.threads = 2, .n_batch = 7});
  const auto reference = make_tiny({.threads = 1, .n_batch = 512});
  const auto result = run(bits_plan(), *candidate, *reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->verdict, Verdict::identical);
  EXPECT_FALSE(result->trace->differs);
  EXPECT_GT(result->trace->tensors_compared, 20);
  EXPECT_TRUE(result->trace->only_candidate.empty());
  EXPECT_TRUE(result->health.empty());
}

TEST(PerTokenNative, AnotherCacheTypeIsRefusedUnlessAskedFor) {
  const auto candidate = make_tiny({.kv = KvType::f32});
  const auto reference = make_tiny({.kv = KvType::f16});
  auto plan = bits_plan();
  EXPECT_EQ(run(plan, *candidate, *reference)->verdict, Verdict::settings_differ);
  plan.asked_differences = {"kv-type"};
  EXPECT_EQ(run(plan, *candidate, *reference)->verdict, Verdict::diverged);
}

}  // namespace
}  // namespace crossval
