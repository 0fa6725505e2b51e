// A file that one engine refuses with a reason and that another one dies over.
#include "launch/made_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/temp_folder.h"
#include "gguf/writer.h"

namespace crossval {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class MadePairTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GgufWriter writer(model_);  // keys without weights: native refuses it
    writer.add_string("general.architecture", "llama");
    ASSERT_TRUE(writer.start() && writer.finish());
    std::ofstream(worker_) << "#!/bin/sh\necho 'loading' >&2\n"
                              "echo '/b/llama.cpp:71: GGML_ASSERT(n > 0) failed' >&2\n"
                              "kill -ABRT $$\n";
    ::chmod(worker_.c_str(), 0755);
  }

  Error failure(const std::string& candidate, const std::string& reference) const {
    PairChoice choice;
    choice.candidate = candidate;
    choice.reference = reference;
    choice.defaults.model = model_;
    const auto pair = engine_pair(choice);
    const auto made = pair ? make_pair(*pair, choice.defaults, {}) : tl::unexpected(pair.error());
    EXPECT_FALSE(made.has_value());
    return made ? Error{} : made.error();
  }

  Result<TempFolder> folder_ = TempFolder::make();
  const std::string model_ = folder_->path() + "/keys-only.gguf";
  const std::string worker_ = folder_->path() + "/worker.sh";
  const std::string dying_ = "llama.cpp:worker=" + worker_;
};

TEST_F(MadePairTest, TheReasonIsToldFirstWhicheverSideGivesIt) {
  for (const auto& [candidate, reference] :
       {std::pair(dying_, std::string("native")), std::pair(std::string("native"), dying_)}) {
    const Error error = failure(candidate, reference);
    EXPECT_EQ(error.code, ExitCode::bad_input_file);
    EXPECT_THAT(error.message(),
                AllOf(StartsWith("a metadata key is missing"), HasSubstr("keys-only.gguf")));
  }
}

TEST_F(MadePairTest, TheOtherEndIsAFurtherLine) {
  EXPECT_THAT(failure(dying_, "native").hint,
              HasSubstr("The other engine: engine llama.cpp was ended by signal 6"));
}

TEST_F(MadePairTest, WithoutAReasonTheEndIsTheError) {
  const Error error = failure(dying_, dying_);
  EXPECT_EQ(error.code, ExitCode::engine_failed);
  EXPECT_THAT(error.message(),
              AllOf(StartsWith("engine llama.cpp was ended by signal 6 (SIGABRT"),
                    HasSubstr("Its last words:\n    /b/llama.cpp:71: GGML_ASSERT(n > 0) failed"),
                    Not(HasSubstr("The other engine"))));
}

TEST(ToldTogether, AnInterruptIsNoFailure) {
  const Error end{ExitCode::engine_failed, "ended", "a", ""};
  const Error interrupted{ExitCode::interrupted, "interrupted", "", ""};
  EXPECT_EQ(told_together(end, interrupted).what, "interrupted");
  EXPECT_EQ(told_together(interrupted, end).what, "interrupted");
}

TEST(ToldTogether, BothAreTold) {
  const Error refusal{ExitCode::bad_input_file, "no such type", "m.gguf", "Convert it."};
  const Error end{ExitCode::engine_failed, "ended", "engine b", "Its last words:\n    a.c:1: no"};
  for (const Error& told : {told_together(refusal, end), told_together(end, refusal)}) {
    EXPECT_EQ(told.code, ExitCode::bad_input_file);
    EXPECT_EQ(told.message(),
              "no such type (m.gguf)\n  Convert it.\n  The other engine: ended (engine b)\n"
              "    Its last words:\n      a.c:1: no");
  }
}

}  // namespace
}  // namespace crossval
