#include "base/memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace crossval {
namespace {

TEST(Memory, IsNoMoreThanTheMachineHas) {
  const auto pages = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES));
  EXPECT_GT(available_memory(), 0U);
  EXPECT_LT(available_memory(), pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
}

TEST(Memory, TheProcesssLimitCounts) {
  constexpr uint64_t kLeft = uint64_t{256} << 20;  // bytes
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  struct rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  struct rlimit less = before;
  less.rlim_cur = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + kLeft;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &less), 0);
  const uint64_t left = available_memory();
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_LE(left, kLeft);
  EXPECT_GT(available_memory(), kLeft);
}

}  // namespace
}  // namespace crossval
