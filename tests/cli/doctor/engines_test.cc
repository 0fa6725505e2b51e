#include "cli/doctor/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/doctor/expect_check.h"
#include "native/engine.h"
#include "support/bent_engine.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The native engine under another identity.
class Disguised : public testing_support::BentEngine {
 public:
  Disguised(std::unique_ptr<Engine> engine, const std::string& profile)
      : BentEngine(std::move(engine)) {
    own_info().identity.name = "disguised";
    own_info().identity.profile = profile;
  }
};

MakeEngine native_engine(const std::string& fault = {}) {
  return [fault](const EngineDefaults& defaults) {
    NativeOptions options{.model_path = defaults.model,
                          .kv = defaults.kv == "f16" ? KvType::f16 : KvType::f32,
                          .n_ctx = defaults.context.value_or(64),
                          .n_batch = defaults.batch.value_or(512)};
    if (!fault.empty()) options.faults = {fault};
    return make_native_engine(options);
  };
}

MakeEngine disguised(const std::string& profile, const std::string& fault = {}) {
  return [=](const EngineDefaults& defaults) -> Result<std::unique_ptr<Engine>> {
    auto engine = native_engine(fault)(defaults);
    if (!engine) return engine;
    return std::make_unique<Disguised>(std::move(*engine), profile);
  };
}

MakeEngine failing(ExitCode code, const std::string& hint = {}) {
  return [=](const EngineDefaults&) -> Result<std::unique_ptr<Engine>> {
    return fail(code, "it does not start", "engine x", hint);
  };
}

TEST(DoctorEngines, ACanonicalReference) {
  int plans = 0;
  const MakeEngine counted = [&](const EngineDefaults& defaults) {
    ++plans;
    return disguised("canonical")(defaults);
  };
  const auto checks = check_reference(native_engine(), counted, {.path = "/bin/worker"}, {});
  ASSERT_TRUE(checks.has_value()) << checks.error().message();
  ASSERT_EQ(checks->size(), 2U);
  EXPECT_EQ((*checks)[0].name, "reference");
  expect_check((*checks)[0], CheckState::ok, "canonical");
  EXPECT_THAT((*checks)[0].detail, HasSubstr("; /bin/worker"));
  EXPECT_EQ((*checks)[1].name, "canonical");
  expect_check((*checks)[1], CheckState::ok, "disguised equals the native engine in every bit");
  EXPECT_EQ(plans, 3);
}

// The default reference, and one of canonical flags from another source.
TEST(DoctorEngines, OneThatOnlyCallsItselfCanonical) {
  for (const bool is_default : {true, false}) {
    const auto checks = check_reference(native_engine(), disguised("canonical", "eps"),
                                        {.is_default = is_default, .repair = "repair"}, {});
    ASSERT_TRUE(checks.has_value());
    ASSERT_EQ(checks->size(), 2U);
    expect_check((*checks)[0], CheckState::ok, "canonical");
    expect_check((*checks)[1], is_default ? CheckState::problem : CheckState::warning, "of 20 rows",
                 is_default ? "bug with this output.\nrepair" : "its source is another");
    EXPECT_EQ((*checks)[1].code, is_default ? ExitCode::engine_failed : ExitCode::ok);
  }
}

// A build whose bits depend on the batch alone is found by the second plan.
TEST(DoctorEngines, OneThatDependsOnTheBatch) {
  const MakeEngine reference = [](const EngineDefaults& defaults) {
    return disguised("canonical", defaults.batch == 7 ? "eps" : "")(defaults);
  };
  const auto checks = check_reference(native_engine(), reference, {.is_default = true}, {});
  ASSERT_TRUE(checks.has_value());
  expect_check(checks->back(), CheckState::problem, "batch 7, KV f16", "bug");
}

TEST(DoctorEngines, OneThatClaimsNothing) {
  const auto checks =
      check_reference(native_engine(), disguised("production", "eps"), {.repair = "repair"}, {});
  ASSERT_TRUE(checks.has_value());
  ASSERT_EQ(checks->size(), 2U);
  expect_check((*checks)[0], CheckState::ok, "production");
  expect_check((*checks)[1], CheckState::warning, "of 20 rows", "--require bits");
  EXPECT_THAT((*checks)[1].repair, ::testing::EndsWith("\nrepair"));
}

TEST(DoctorEngines, NoReference) {
  const ReferenceProgram program{.path = "/w", .repair = "repair"};
  auto checks = check_reference(native_engine(), failing(ExitCode::engine_failed), program, {});
  ASSERT_TRUE(checks.has_value());
  ASSERT_EQ(checks->size(), 1U);
  EXPECT_EQ(checks->front().name, "reference");
  expect_check(checks->front(), CheckState::problem, "it does not start (engine x); /w", "repair");
  EXPECT_EQ(checks->front().code, ExitCode::engine_failed);
  // A program's last words stay before it; without a program the error says what to do.
  checks =
      check_reference(native_engine(), failing(ExitCode::engine_failed, "last words"), program, {});
  EXPECT_EQ(checks->front().repair, "last words\nrepair");
  checks = check_reference(native_engine(), failing(ExitCode::engine_failed, "set HOME"),
                           {.repair = "repair"}, {});
  EXPECT_EQ(checks->front().repair, "set HOME");
}

TEST(DoctorEngines, ANativeEngineThatFails) {
  const auto checks =
      check_reference(failing(ExitCode::usage, "help"), disguised("canonical"), {}, {});
  ASSERT_TRUE(checks.has_value());
  ASSERT_EQ(checks->size(), 2U);
  expect_check(checks->front(), CheckState::ok, "canonical");
  expect_check(checks->back(), CheckState::problem, "it does not start", "help");
}

TEST(DoctorEngines, AnInterruptionIsNoFinding) {
  const auto checks = check_reference(native_engine(), failing(ExitCode::interrupted), {}, {});
  ASSERT_FALSE(checks.has_value());
  EXPECT_EQ(checks.error().code, ExitCode::interrupted);
  const auto model = check_model("model-native", failing(ExitCode::interrupted), {});
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code, ExitCode::interrupted);
}

TEST(DoctorEngines, TheUsersModel) {
  const auto good = check_model("model-native", native_engine(),
                                {.model = CROSSVAL_TESTDATA "/native/tiny-q8_0.gguf"});
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->name, "model-native");
  expect_check(*good, CheckState::ok, "native loads llama");
  const auto missing =
      check_model("model-native", native_engine(), {.model = "/nonexistent/a.gguf"});
  ASSERT_TRUE(missing.has_value());
  EXPECT_EQ(missing->state, CheckState::problem);
  EXPECT_EQ(missing->code, ExitCode::bad_input_file);
  EXPECT_THAT(missing->detail, HasSubstr("/nonexistent/a.gguf"));
}

TEST(Diagnosis, EndsWithTheFirstProblemsCode) {
  Diagnosis diagnosis;
  EXPECT_EQ(exit_code(diagnosis), ExitCode::ok);
  diagnosis.checks = {{"a", CheckState::ok, ""}, {"b", CheckState::warning, ""}};
  EXPECT_EQ(exit_code(diagnosis), ExitCode::ok);
  diagnosis.checks.push_back({"c", CheckState::problem, "", "", ExitCode::engine_failed});
  diagnosis.checks.push_back({"d", CheckState::problem, "", "", ExitCode::bad_input_file});
  EXPECT_EQ(exit_code(diagnosis), ExitCode::engine_failed);
}

}  // namespace
}  // namespace crossval
