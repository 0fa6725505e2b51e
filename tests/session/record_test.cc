#include "session/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "session/fake_engine.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using namespace testing_support;
using testing::ElementsAre;
using testing::IsEmpty;

class RecordTensors : public testing::Test {
 protected:
  void TearDown() override { fs::remove(path_); }

  Result<Recording> record_named(const std::string& names) {
    RecordPlan plan;
    plan.prompt.text = "text";
    plan.path = path_;
    plan.max_tokens = 0;
    plan.tensors = TensorNames(names);
    return record(plan, engine_, quiet_, {});
  }

  std::string path_ =
      fs::temp_directory_path() / ("crossval-record-" + std::to_string(::getpid()) + ".xval");
  FakeEngine engine_;  // embd, Qcur-0, kq-0, l_out-0, result_output, whatever is selected
  Quiet quiet_;
};

TEST_F(RecordTensors, OfALayerAreAllThatTheEngineIsAskedFor) {
  const auto recorded = record_named("l_out-0,Qcur-0");
  ASSERT_TRUE(recorded) << recorded.error().what;
  EXPECT_THAT(engine_.selection.names, ElementsAre("Qcur-0", "l_out-0"));
  EXPECT_EQ(recorded->tensors, 2);  // what comes unasked is dropped
}

TEST_F(RecordTensors, WithoutALayerAreLookedForInEveryone) {
  const auto recorded = record_named("l_out,result_output");
  ASSERT_TRUE(recorded) << recorded.error().what;
  EXPECT_THAT(engine_.selection.names, IsEmpty());
  EXPECT_EQ(recorded->tensors, 2);
}

TEST_F(RecordTensors, AllAreAll) {
  const auto recorded = record_named("all");
  ASSERT_TRUE(recorded) << recorded.error().what;
  EXPECT_THAT(engine_.selection.names, IsEmpty());
  EXPECT_EQ(recorded->tensors, 5);
}

TEST_F(RecordTensors, OfNoNameIsAnErrorThatLeavesNoFile) {
  for (const char* names : {"Qcur-7", "nothing", ","}) {
    const auto recorded = record_named(names);
    ASSERT_FALSE(recorded) << names;
    EXPECT_EQ(recorded.error().code, ExitCode::usage);
    EXPECT_FALSE(fs::exists(path_));
    EXPECT_FALSE(fs::exists(path_ + ".partial"));
  }
}

}  // namespace
}  // namespace crossval
