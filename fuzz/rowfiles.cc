// Rows of logits in files of other programs: whatever opens has the rows that it says.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "rowfiles/row_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace crossval;
  const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  const bool written = ::write(fd, data, size) == static_cast<ssize_t>(size);
  const auto file = open_row_file("/proc/self/fd/" + std::to_string(fd));
  ::close(fd);
  if (!written || !file || *file == nullptr) return 0;
  const RowFileFacts& facts = (*file)->facts();
  if (facts.rows < 1 || facts.n_vocab < 1) __builtin_trap();
  if (!facts.ids.empty() && std::ssize(facts.ids) != facts.rows) __builtin_trap();
  for (const int32_t i : {0, facts.rows - 1}) {
    const auto row = (*file)->row(i);
    if (!row) continue;
    if (row->content != facts.content) __builtin_trap();
    if (row->content == RowContent::logits && std::ssize(row->logits) != facts.n_vocab)
      __builtin_trap();
  }
  return 0;
}
