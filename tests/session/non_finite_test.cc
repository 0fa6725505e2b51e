// NaN and infinity: the true first position, and where they came into each engine's computation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "gguf/writer.h"
#include "session/fake_engine.h"
#include "session/non_finite_origin.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Ill from position `where` on and, as 0 × NaN of hidden keys makes it, wherever a batch that
// reaches `where` begins.
void spread(FakeEngine& engine, int32_t where, bool only_in_batches = false) {
  auto last = std::make_shared<int32_t>(0);
  auto first = std::make_shared<int32_t>(0);
  engine.alter_positions = [=](std::vector<int32_t> positions) {
    *first = positions.front();
    *last = positions.back();
    return positions;
  };
  engine.alter_row = [=](int32_t, std::vector<float>& row) {
    const bool alone = *first == *last;
    if (*last >= where && !(alone && only_in_batches)) row[4] = kNaN;
  };
}

std::vector<bool> healthy(const Comparison& comparison) {
  std::vector<bool> all;
  for (const PositionResult& position : comparison.positions) all.push_back(position.healthy);
  return all;
}

TEST(NonFinite, TheFirstPositionIsTheOneThatIsIllByItself) {
  for (const bool both : {false, true}) {
    FakeEngine candidate, reference;
    spread(reference, 3);
    if (both) spread(candidate, 3);
    const auto result = run(plan_of_ids(6, 2), candidate, reference);
    ASSERT_TRUE(result.has_value()) << result.error().message();
    EXPECT_EQ(result->verdict, Verdict::unhealthy);
    EXPECT_THAT(healthy(*result), ElementsAre(true, true, true, false, false, false));
    EXPECT_EQ(result->health[0].position, 3);
    EXPECT_EQ(result->health[0].side, both ? Side::candidate : Side::reference);
    EXPECT_EQ(result->health.size(), both ? 6U : 3U);
    EXPECT_EQ(result->identical_rows, 3);  // rows that are NaN on both sides are not identical
    EXPECT_EQ(result->decode_steps, 0);
  }
}

TEST(NonFinite, ABatchThatIsIllAloneIsNoPass) {
  FakeEngine candidate, reference;
  spread(candidate, 3, true);
  const auto result = run(plan_of_ids(6, 2), candidate, reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->verdict, Verdict::unhealthy);
  EXPECT_EQ(result->positions.size(), 6U);
  ASSERT_EQ(result->health.size(), 1U);
  EXPECT_EQ(result->health[0].position, 0);
  EXPECT_THAT(result->health[0].detail, HasSubstr("one by one, every position is finite"));
}

TEST(NonFinite, AnEngineThatCannotStepIsTakenAtItsBatch) {
  FakeEngine candidate, reference;
  candidate.info_.capabilities.decode = false;
  spread(candidate, 3);
  const auto result = run(plan_of_ids(6), candidate, reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->health[0].position, 0);
  EXPECT_EQ(result->positions.size(), 6U);
}

TEST(NonFinite, HealthyEnginesAreEvaluatedOnceAndNotTraced) {
  FakeEngine candidate, reference;
  const auto result = run(plan_of_ids(6), candidate, reference);
  EXPECT_THAT(result->origins, IsEmpty());
  EXPECT_EQ(candidate.evaluated.size(), 6U);
  EXPECT_EQ(candidate.traced, 0);
}

void put(FakeEngine& engine, const std::string& label, int32_t where, float value) {
  engine.alter_tensor = [=](const std::string& now, int32_t position, std::vector<float>& row) {
    if (now == label && position >= where) row[2] = value;
  };
  engine.alter_row = [=](int32_t position, std::vector<float>& row) {
    if (position >= where) row[0] = value;
  };
}

TEST(NonFinite, TheFirstTensorIsNamedForEachEngine) {
  FakeEngine candidate, reference;
  put(candidate, "Qcur-0 ROPE", 2, kNaN);
  put(reference, "l_out-0 ADD", 2, kInfinity);
  reference.graph[3].inputs = {"kq-0 MUL_MAT", "inp_pos"};
  const auto result = run(plan_of_ids(5), candidate, reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  ASSERT_EQ(result->origins.size(), 2U);
  const NonFiniteOrigin& own = result->origins[0];
  EXPECT_TRUE(own.found);
  EXPECT_EQ(own.side, Side::candidate);
  EXPECT_EQ(own.position, 2);
  EXPECT_EQ(own.tensor + " " + own.op, "Qcur-0 ROPE");
  EXPECT_EQ(own.element, 2);
  EXPECT_EQ(own.width, 4);
  EXPECT_TRUE(std::isnan(own.value));
  EXPECT_EQ(own.before, "embd GET_ROWS");
  EXPECT_THAT(own.inputs, IsEmpty());
  const NonFiniteOrigin& other = result->origins[1];
  EXPECT_EQ(other.tensor, "l_out-0");
  EXPECT_EQ(other.value, kInfinity);
  ASSERT_EQ(other.inputs.size(), 2U);
  EXPECT_TRUE(other.inputs[0].traced && other.inputs[0].finite);
  EXPECT_EQ(other.inputs[0].largest, 1000 + 2 * 10 + 2);  // head 1, position 2, key 2
  EXPECT_FALSE(other.inputs[1].traced);
  EXPECT_EQ(candidate.traced, 3);  // no position behind the first ill one takes part
}

TEST(NonFinite, AHealthyEngineHasNoOriginAndLendsItsWiring) {
  FakeEngine candidate, reference;
  put(candidate, "l_out-0 ADD", 1, kNaN);
  reference.graph[3].inputs = {"kq-0 MUL_MAT"};
  const auto result = run(plan_of_ids(5), candidate, reference);
  ASSERT_EQ(result->origins.size(), 2U);
  ASSERT_EQ(result->origins[0].inputs.size(), 1U);
  EXPECT_EQ(result->origins[0].inputs[0].tensor, "kq-0 MUL_MAT");
  EXPECT_FALSE(result->origins[1].found);
}

TEST(NonFinite, AMaskOfMinusInfinityIsNoOrigin) {
  FakeEngine candidate, reference;
  put(candidate, "l_out-0 ADD", 1, kNaN);
  candidate.graph.insert(candidate.graph.begin() + 1, {"mask", "FILL"});
  const auto change = candidate.alter_tensor;
  candidate.alter_tensor = [change](const std::string& now, int32_t p, std::vector<float>& row) {
    if (now == "mask FILL") row.assign(row.size(), -kInfinity);
    change(now, p, row);
  };
  EXPECT_EQ(run(plan_of_ids(5), candidate, reference)->origins[0].tensor, "l_out-0");
}

TEST(NonFinite, AnEngineWithoutATraceHasNoOrigin) {
  FakeEngine candidate, reference;
  candidate.info_.capabilities.trace = false;
  put(candidate, "l_out-0 ADD", 1, kNaN);
  const auto result = run(plan_of_ids(5), candidate, reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  ASSERT_EQ(result->origins.size(), 1U);
  EXPECT_EQ(result->origins[0].side, Side::reference);
}

// Experts 5 and 1 are chosen, and slot 1 is ill: row 2 of expert 1.
TEST(NonFinite, TheWeightOfTheFileIsNamedWithItsExpert) {
  const std::string path = ::testing::TempDir() + "non-finite-expert.gguf";
  std::vector<float> values(6UL * 4 * 8, 1.0F);  // experts × rows × columns
  values[(1 * 4 + 2) * 8 + 7] = kNaN;
  const int64_t ne[] = {8, 4, 6};
  GgufWriter writer(path);
  writer.add_tensor("experts.weight", 0, ne, values.size() * sizeof(float));
  ASSERT_TRUE(writer.start());
  ASSERT_TRUE(writer.write(std::as_bytes(std::span(values))));
  ASSERT_TRUE(writer.finish());

  FakeEngine candidate, reference;
  for (FakeEngine* engine : {&candidate, &reference}) {
    engine->info_.settings.model_path = path;
    engine->graph = {{"choice", "ARGSORT", 0, 2},
                     {"out", "MUL_MAT_ID", 0, 8, 0, 0, "experts.weight", {"choice ARGSORT"}},
                     {"result_output", "MUL_MAT", -1, kVocab}};
    engine->alter_tensor = [](const std::string& now, int32_t, std::vector<float>& row) {
      if (now == "choice ARGSORT") row = {5, 1};
      if (now == "out MUL_MAT_ID") row[4 + 2] = kNaN;
    };
    engine->alter_row = [](int32_t, std::vector<float>& row) { row[0] = kNaN; };
  }
  const auto result = run(plan_of_ids(1), candidate, reference);
  std::filesystem::remove(path);
  ASSERT_EQ(result->origins.size(), 2U);
  for (const NonFiniteOrigin& origin : result->origins) {
    ASSERT_TRUE(origin.bad_weight.has_value());
    EXPECT_EQ(origin.bad_weight->tensor, "experts.weight");
    EXPECT_EQ(origin.bad_weight->expert, 1);
    EXPECT_EQ(origin.bad_weight->row, 2);
    EXPECT_EQ(origin.bad_weight->column, 7);
    EXPECT_EQ(origin.bad_weight->block, -1);
  }
}

}  // namespace
}  // namespace crossval
