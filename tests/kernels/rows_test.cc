// The rows of the kernel tests: every field of a block varies by itself.
#include "kernels/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/joint_values.h"

namespace crossval {
namespace {

class WeightRows : public testing::TestWithParam<WeightFormat> {};

TEST_P(WeightRows, TakeAllJointValues) {
  const WeightFormat& format = GetParam();
  constexpr int64_t kBlocks = 20'000;
  testing_rows::Random random(3);
  const int64_t n = format.block_elements == 1 ? 32 * kBlocks : kBlocks * format.block_elements;
  const JointValues joint(format, testing_rows::weight_rows(format, 1, n, false, random));
  EXPECT_THAT(joint.missing(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, WeightRows,
                         testing::ValuesIn(weight_formats().begin(), weight_formats().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace crossval
