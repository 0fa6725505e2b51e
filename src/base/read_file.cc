#include "base/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/descriptor.h"

namespace crossval {
namespace {

Result<std::string> read_descriptor(int fd, const std::string& path, size_t max_bytes) {
  std::string bytes;
  std::array<char, 1 << 16> chunk{};
  while (true) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return fail(ExitCode::bad_input_file,
                  std::string("cannot read file: ") + std::strerror(errno), path);
    }
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<size_t>(got) > max_bytes) {
      return fail(ExitCode::bad_input_file,
                  "larger than the " + std::to_string(max_bytes) + " bytes allowed here", path);
    }
    bytes.append(chunk.data(), static_cast<size_t>(got));
  }
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
  if (path == "-") return read_descriptor(STDIN_FILENO, "standard input", max_bytes);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) {
    return fail(ExitCode::bad_input_file, std::string("cannot open file: ") + std::strerror(errno),
                path, "Check the path and its permissions.");
  }
  return read_descriptor(file.get(), path, max_bytes);
}

}  // namespace crossval
