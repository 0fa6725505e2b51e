#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "kernels/kernels.h"

namespace crossval {
namespace {

using testing::HasSubstr;

class ChooseKernels : public testing::Test {
 protected:
  void TearDown() override { unsetenv("CROSSVAL_KERNELS"); }
};

TEST_F(ChooseKernels, TakesTheLastSupportedOne) {
  unsetenv("CROSSVAL_KERNELS");
  const KernelSet* best = nullptr;
  for (const KernelSet* set : kernel_sets()) {
    if (set->supported()) best = set;
  }
  EXPECT_EQ(choose_kernels().value(), best);
}

TEST_F(ChooseKernels, ScalarIsFirstAndRunsEverywhere) {
  ASSERT_FALSE(kernel_sets().empty());
  EXPECT_EQ(kernel_sets().front()->name, "scalar");
  EXPECT_TRUE(kernel_sets().front()->supported());
}

TEST_F(ChooseKernels, EnvironmentForcesASet) {
  for (const KernelSet* set : kernel_sets()) {
    setenv("CROSSVAL_KERNELS", std::string(set->name).c_str(), 1);
    const auto chosen = choose_kernels();
    ASSERT_EQ(chosen.has_value(), set->supported()) << set->name;
    EXPECT_EQ(chosen.value_or(set), set);
  }
}

TEST_F(ChooseKernels, UnknownNameIsAUsageErrorThatListsTheSets) {
  setenv("CROSSVAL_KERNELS", "avx9", 1);
  const auto chosen = choose_kernels();
  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().code, ExitCode::usage);
  EXPECT_THAT(chosen.error().message(), HasSubstr("avx9"));
  EXPECT_THAT(chosen.error().message(), HasSubstr("scalar"));
}

TEST(KernelSets, HaveATileForEveryFormatAndEveryPacking) {
  for (const KernelSet* set : kernel_sets()) {
    for (const WeightFormat& format : weight_formats()) {
      EXPECT_NE(set->tile(format.type), nullptr) << set->name << " " << format.name;
      EXPECT_NE(set->pack(format.activation), nullptr) << set->name << " " << format.name;
    }
  }
}

}  // namespace
}  // namespace crossval
