// How much memory can still be taken. A large allocation is checked against it beforehand: the
// kernel promises more than it has, and ends the process when the promise is called in.
#pragma once

#include <cstdint>

namespace crossval {

/// Bytes: what the machine has left without swapping (MemAvailable), what the process's control
/// groups allow (cgroup_memory.h), or what is left of its address space (ulimit -v), whichever is
/// least.
uint64_t available_memory();

}  // namespace crossval
