#include "base/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/descriptor.h"

namespace crossval {
namespace {

tl::unexpected<Error> unreadable(const std::string& path, const std::string& why,
                                 const std::string& hint = {}) {
  return fail(ExitCode::bad_input_file, "cannot read file: " + why, path, hint);
}

// A page that is read brings those around it that are in memory anyway, up to 64 KiB of aligned
// addresses (Linux: fault_around_bytes): ones that were given back come again.
constexpr size_t kFaultAround = size_t{64} << 10;

size_t page_bytes() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

// From the last multiple of `alignment` before it on, but not before `least`.
void advise(std::span<const std::byte> range, const std::byte* least, size_t alignment,
            int advice) {
  const size_t into = std::min(reinterpret_cast<uintptr_t>(range.data()) % alignment,
                               static_cast<size_t>(range.data() - least));
  ::madvise(const_cast<std::byte*>(range.data()) - into, range.size() + into, advice);
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) {
    return unreadable(path, std::strerror(errno), "Check the path and its permissions.");
  }
  struct stat st{};
  const bool seen = ::fstat(file.get(), &st) == 0;
  if (seen && S_ISDIR(st.st_mode)) {
    return unreadable(path, "it is a folder", "Name a file in it.");
  }
  if (!seen || !S_ISREG(st.st_mode)) return unreadable(path, "not a regular file");
  if (st.st_size == 0) {
    return unreadable(path, "the file is empty", "Was the download or conversion interrupted?");
  }
  const auto size = static_cast<std::size_t>(st.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) {
    const int why = errno;
    return unreadable(path, std::strerror(why),
                      why == ENOMEM ? fmt::format("It is mapped, which takes {} MB of address "
                                                  "space: raise ulimit -v.",
                                                  size / 1'000'000)
                                    : std::string());
  }
  return MappedFile(path, static_cast<const std::byte*>(data), size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::will_read(std::span<const std::byte> range) const {
  advise(range, data_, page_bytes(), MADV_WILLNEED);
}

void MappedFile::release(std::span<const std::byte> range) const {
  advise(range, data_, std::max(page_bytes(), kFaultAround), MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace crossval
