#include "base/file_digest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/sha256.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

constexpr size_t kChunk = size_t{1} << 20;
constexpr size_t kHexDigits = 64;

tl::unexpected<Error> unreadable(const std::string& path) {
  return fail(ExitCode::bad_input_file, fmt::format("cannot be read: {}", std::strerror(errno)),
              path);
}

// Content and time of modification can be set by anybody; the time of change is the kernel's.
std::string entry_path(const std::string& cache_folder, const struct stat& file) {
  return fmt::format("{}/sha256/{}-{}-{}-{}.{:09}-{}.{:09}", cache_folder, file.st_dev, file.st_ino,
                     file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec, file.st_ctim.tv_sec,
                     file.st_ctim.tv_nsec);
}

// Whether a change from now on would have another time: the clock of files goes in steps.
bool settled(const struct stat& file) {
  constexpr auto kStep = std::chrono::milliseconds(100);
  const auto changed =
      std::chrono::seconds(file.st_ctim.tv_sec) + std::chrono::nanoseconds(file.st_ctim.tv_nsec);
  return std::chrono::system_clock::now().time_since_epoch() - changed > kStep;
}

// An entry is the digits and a line end, nothing else.
std::string cached_digest(const std::string& entry) {
  std::ifstream in(entry, std::ios::binary);
  std::string line(kHexDigits + 2, '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  if (in.gcount() != kHexDigits + 1 || line[kHexDigits] != '\n') return {};
  line.resize(kHexDigits);
  return line.find_first_not_of("0123456789abcdef") == std::string::npos ? line : "";
}

// Under another name first: a reader sees a whole entry or none.
void keep(const std::string& entry, const std::string& digest) {
  std::error_code ignored;
  fs::create_directories(fs::path(entry).parent_path(), ignored);
  const std::string partial = fmt::format("{}.{}", entry, getpid());
  std::ofstream out(partial, std::ios::binary);
  out << digest << '\n';
  out.close();
  if (out) fs::rename(partial, entry, ignored);
  fs::remove(partial, ignored);  // what could not be written or renamed
}

Result<std::string> sha256_of(int fd, const std::string& path, const std::stop_token& stop) {
  Sha256 hash;
  std::vector<std::byte> chunk(kChunk);
  for (;;) {
    if (stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted", path);
    const ssize_t n = read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(path);
    if (n == 0) break;
    hash.add(std::span(chunk).first(static_cast<size_t>(n)));
  }
  return hash.digest();
}

}  // namespace

Result<FileDigest> file_digest(const std::string& path, const std::string& cache_folder,
                               const std::stop_token& stop) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (!file.open() || fstat(file.get(), &status) != 0) return unreadable(path);
  const auto bytes = static_cast<uint64_t>(status.st_size);
  const std::string entry = entry_path(cache_folder, status);
  if (std::string known = cached_digest(entry); !known.empty()) {
    return FileDigest{bytes, std::move(known)};
  }
  auto digest = sha256_of(file.get(), path, stop);
  if (!digest) return tl::unexpected(digest.error());
  struct stat after = {};
  const bool same = fstat(file.get(), &after) == 0 && entry_path(cache_folder, after) == entry;
  if (same && settled(after)) keep(entry, *digest);
  return FileDigest{bytes, *std::move(digest)};
}

}  // namespace crossval
