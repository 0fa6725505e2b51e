#include "base/memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace crossval {
namespace {

TEST(Memory, IsNoMoreThanTheMachineHas) {
  const auto pages = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES));
  EXPECT_GT(available_memory(), 0U);
  EXPECT_LT(available_memory(), pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
}

TEST(Memory, TheProcesssLimitCounts) {
  struct rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  struct rlimit less = before;
  less.rlim_cur = 1 << 20;  // less than the program has taken already
  ASSERT_EQ(setrlimit(RLIMIT_AS, &less), 0);
  const uint64_t left = available_memory();
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(left, 0U);
  EXPECT_GT(available_memory(), 0U);
}

}  // namespace
}  // namespace crossval
