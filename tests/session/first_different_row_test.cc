#include "session/first_different_row.h"

#include <gtest/gtest.h>

#include <cmath>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using namespace testing_support;

TEST(FirstDifferentRow, IsTheFirstOfAnyBit) {
  FakeEngine candidate("native"), reference("llama.cpp");
  const std::vector<TokenId> ids{1, 2, 3, 4};
  const auto find = [&] { return first_different_row({candidate, reference}, ids, {}); };
  EXPECT_EQ(*find(), std::nullopt);
  candidate.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position >= 2) row[1] = std::nextafter(row[1], 1e9F);
  };
  EXPECT_EQ(*find(), 2);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = first_different_row({candidate, reference}, ids, stop.get_token());
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ExitCode::interrupted);
}

}  // namespace
}  // namespace crossval
