#include "base/cgroup_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace crossval {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

// The files of one version of the interface.
struct Interface {
  const char* folder;  // of the root group
  const char* limit;   // "max" where there is none
  const char* usage;
  const char* stat_prefix;  // of the counts that hold what is below a group, too
};

constexpr Interface kV1{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                        "total_"};
constexpr Interface kV2{"sys/fs/cgroup", "memory.max", "memory.current", ""};

std::optional<uint64_t> number_in(const fs::path& file) {
  uint64_t value = 0;
  std::ifstream in(file);
  return in >> value ? std::optional(value) : std::nullopt;
}

uint64_t cached_files(const fs::path& group, const std::string& prefix) {
  std::ifstream in(group / "memory.stat");
  std::string name;
  uint64_t value = 0;
  uint64_t bytes = 0;
  while (in >> name >> value) {
    if (name == prefix + "inactive_file" || name == prefix + "active_file") bytes += value;
  }
  return bytes;
}

uint64_t left_in_group(const fs::path& group, const Interface& files) {
  const auto limit = number_in(group / files.limit);
  const auto usage = number_in(group / files.usage);
  if (!limit || !usage) return kUnlimited;
  const uint64_t needed = *usage - std::min(*usage, cached_files(group, files.stat_prefix));
  return *limit - std::min(*limit, needed);
}

// A container may see its own group as the root, under a path that only its host knows: folders
// that are not there have no limit.
uint64_t left_up_to_root(const fs::path& root, const std::string& path, const Interface& files) {
  const fs::path top = root / files.folder;
  uint64_t left = left_in_group(top, files);
  fs::path group = top;
  for (const fs::path& name : fs::path(path).relative_path()) {
    group /= name;
    left = std::min(left, left_in_group(group, files));
  }
  return left;
}

}  // namespace

uint64_t left_in_cgroups(const fs::path& root) {
  uint64_t left = kUnlimited;
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // "number:controllers:path"
    const size_t controllers = line.find(':') + 1;
    const size_t path = line.find(':', controllers) + 1;
    if (controllers == 0 || path == 0) continue;
    const std::string names = "," + line.substr(controllers, path - 1 - controllers) + ",";
    if (names == ",,") left = std::min(left, left_up_to_root(root, line.substr(path), kV2));
    if (names.find(",memory,") != std::string::npos) {
      left = std::min(left, left_up_to_root(root, line.substr(path), kV1));
    }
  }
  return left;
}

}  // namespace crossval
