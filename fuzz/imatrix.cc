// Importance matrices: whatever opens has sums and counts that go together, and is like itself.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "imatrix/compare.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace crossval;
  const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  const bool written = ::write(fd, data, size) == static_cast<ssize_t>(size);
  const auto file = open_imatrix("/proc/self/fd/" + std::to_string(fd));
  ::close(fd);
  if (!written || !file || !*file) return 0;
  for (const auto& [name, entry] : (*file)->entries) {
    if (entry.counts.empty() || entry.sums.size() % entry.counts.size() != 0) __builtin_trap();
  }
  if (!compare_imatrices(**file, **file, 0.999).identical()) __builtin_trap();
  return 0;
}
