// How much memory can still be taken. A large allocation is checked against it beforehand: the
// kernel promises more than it has, and ends the process when the promise is called in.
#pragma once

#include <cstdint>

namespace crossval {

/// Bytes: what the machine has left without swapping (MemAvailable), or what is left of the
/// process's address space (ulimit -v), whichever is less.
uint64_t available_memory();

}  // namespace crossval
