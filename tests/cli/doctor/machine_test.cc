#include "cli/doctor/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/temp_folder.h"
#include "cli/doctor/expect_check.h"
#include "kernels/kernels.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DoctorMachine, Processor) {
  EXPECT_EQ(processor_text("processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some CPU 9\n"
                           "flags\t\t: fpu avx xsave avx2 fma avx512vl\n\nprocessor\t: 1\n"),
            "Some CPU 9: avx avx2 fma");
  EXPECT_EQ(processor_text("Features\t: fp asimd crc32 asimddp\nCPU part\t: 0xd0c\n"),
            "0xd0c: asimd asimddp");
  EXPECT_EQ(processor_text("flags\t\t: fpu\nmodel name\t: Old\n"),
            "Old: no vector instructions known here");
  EXPECT_EQ(processor_text(""), "unknown: no vector instructions known here");
  expect_check(check_processor(), CheckState::ok, "threads");
}

TEST(DoctorMachine, Program) { expect_check(check_program(), CheckState::ok, "crossval "); }

class DoctorKernels : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* value = std::getenv("CROSSVAL_KERNELS")) before_ = value;
    unsetenv("CROSSVAL_KERNELS");
  }
  void TearDown() override {
    if (before_) {
      setenv("CROSSVAL_KERNELS", before_->c_str(), 1);
    } else {
      unsetenv("CROSSVAL_KERNELS");
    }
  }
  std::optional<std::string> before_;
};

TEST_F(DoctorKernels, TheBestIsChosen) {
  const auto best = choose_kernels();
  ASSERT_TRUE(best.has_value());
  const Check check = check_kernels();
  expect_check(check, CheckState::ok, std::string((*best)->description));
  EXPECT_THAT(check.detail, HasSubstr("scalar"));
}

TEST_F(DoctorKernels, ForcedDown) {
  const auto best = choose_kernels();
  ASSERT_TRUE(best.has_value());
  setenv("CROSSVAL_KERNELS", "scalar", 1);
  if ((*best)->name == "scalar") {
    expect_check(check_kernels(), CheckState::ok, "scalar");
  } else {
    expect_check(check_kernels(), CheckState::warning, "scalar", "unset CROSSVAL_KERNELS");
  }
}

TEST_F(DoctorKernels, ASetThatDoesNotExist) {
  setenv("CROSSVAL_KERNELS", "abacus", 1);
  const Check check = check_kernels();
  expect_check(check, CheckState::problem, "abacus", "unset CROSSVAL_KERNELS");
  EXPECT_EQ(check.code, ExitCode::usage);
}

TEST(DoctorMachine, Templates) {
  const TemplateRenderer good = [](const TemplateInput& input) -> Result<std::string> {
    EXPECT_THAT(input.messages_json, HasSubstr("Hello"));
    return "Hello" + input.bos_token;
  };
  expect_check(check_templates("/r", good, "repair"), CheckState::ok, "/r");
  expect_check(check_templates("", good, "repair"), CheckState::warning, "--chat", "repair");
  const auto wrong =
      check_templates("/r", [](const auto&) { return std::string("Hallo"); }, "repair");
  expect_check(wrong, CheckState::problem, "\"Hallo\" instead of \"Hello<s>\"", "repair");
  EXPECT_EQ(wrong.code, ExitCode::engine_failed);
  const auto broken = check_templates(
      "/r",
      [](const auto&) -> Result<std::string> {
        return fail(ExitCode::engine_failed, "it does not start");
      },
      "repair");
  expect_check(broken, CheckState::problem, "it does not start (/r)", "repair");
}

TEST(DoctorMachine, Cache) {
  const auto folder = TempFolder::make();
  ASSERT_TRUE(folder.has_value());
  std::filesystem::create_directory(folder->path() + "/inner");
  std::ofstream(folder->path() + "/a") << std::string(1000, 'a');
  std::ofstream(folder->path() + "/inner/b") << std::string(500, 'b');
  expect_check(check_cache(folder->path()), CheckState::ok, folder->path() + ": 1.5 kB");
  expect_check(check_cache(folder->path() + "/new/er"), CheckState::ok, "nothing there yet");
  expect_check(check_cache(folder->path() + "/a/below"), CheckState::warning, "cannot be written",
               "CROSSVAL_CACHE");
}

}  // namespace
}  // namespace crossval
