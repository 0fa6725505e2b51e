// What a line of `doctor` has to say.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "results/diagnosis.h"

namespace crossval {

inline void expect_check(const Check& check, CheckState state, const std::string& detail,
                         const std::string& repair = "") {
  EXPECT_EQ(check.state, state) << check.detail;
  EXPECT_THAT(check.detail, ::testing::HasSubstr(detail));
  EXPECT_THAT(check.repair, ::testing::HasSubstr(repair));
  EXPECT_EQ(check.repair.empty(), repair.empty());
  EXPECT_EQ(check.code == ExitCode::ok, state != CheckState::problem);
}

}  // namespace crossval
