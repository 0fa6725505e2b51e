#include "base/cgroup_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "base/temp_folder.h"

namespace crossval {
namespace {

// A machine's files, as man 7 cgroups and the kernel's admin guide describe them.
class CgroupMemory : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const auto path = root() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::filesystem::path root() const { return folder_.path(); }

  TempFolder folder_ = TempFolder::make().value();
};

TEST_F(CgroupMemory, NoGroupsNoLimit) { EXPECT_EQ(left_in_cgroups(root()), UINT64_MAX); }

TEST_F(CgroupMemory, Version2CountsCachedFilesAsFree) {
  write("proc/self/cgroup", "0::/user.slice/job\n");
  write("sys/fs/cgroup/user.slice/job/memory.max", "1000\n");
  write("sys/fs/cgroup/user.slice/job/memory.current", "900\n");
  write("sys/fs/cgroup/user.slice/job/memory.stat",
        "anon 200\nfile 700\ninactive_file 400\nactive_file 250\nunevictable 0\n");
  EXPECT_EQ(left_in_cgroups(root()), 1000 - (900 - 400 - 250));
}

TEST_F(CgroupMemory, TheTightestGroupAboveCounts) {
  write("proc/self/cgroup", "0::/user.slice/job\n");
  write("sys/fs/cgroup/user.slice/job/memory.max", "max\n");
  write("sys/fs/cgroup/user.slice/job/memory.current", "10\n");
  write("sys/fs/cgroup/user.slice/memory.max", "300\n");
  write("sys/fs/cgroup/user.slice/memory.current", "100\n");
  EXPECT_EQ(left_in_cgroups(root()), 200U);
}

TEST_F(CgroupMemory, AContainerSeesItsGroupAsTheRoot) {
  write("proc/self/cgroup", "0::/docker/0123\n");
  write("sys/fs/cgroup/memory.max", "500\n");
  write("sys/fs/cgroup/memory.current", "100\n");
  EXPECT_EQ(left_in_cgroups(root()), 400U);
}

TEST_F(CgroupMemory, Version1) {
  write("proc/self/cgroup", "4:cpu,memory:/box\n3:cpuset:/\n0::/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "5000\n");
  write("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "2000\n");
  write("sys/fs/cgroup/memory/box/memory.usage_in_bytes", "1500\n");
  write("sys/fs/cgroup/memory/box/memory.stat",
        "inactive_file 1\nactive_file 1\ntotal_inactive_file 700\ntotal_active_file 100\n");
  EXPECT_EQ(left_in_cgroups(root()), 2000 - (1500 - 700 - 100));
}

TEST_F(CgroupMemory, AGroupBeyondItsLimitLeavesNothing) {
  write("proc/self/cgroup", "0::/job\n");
  write("sys/fs/cgroup/job/memory.max", "1000\n");
  write("sys/fs/cgroup/job/memory.current", "1200\n");
  EXPECT_EQ(left_in_cgroups(root()), 0U);
}

}  // namespace
}  // namespace crossval
