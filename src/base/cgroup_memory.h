// The memory limit of a container: Docker, Kubernetes and systemd set one through control groups,
// and the kernel ends a process that goes beyond it.
#pragma once

#include <cstdint>
#include <filesystem>

namespace crossval {

/// Bytes that the control groups of this process still allow, the tightest of them counting; cached
/// file contents, which the kernel drops when memory is asked for, count as free. UINT64_MAX: no
/// limit. Both versions of the interface (man 7 cgroups) are read, under `root`.
uint64_t left_in_cgroups(const std::filesystem::path& root = "/");

}  // namespace crossval
