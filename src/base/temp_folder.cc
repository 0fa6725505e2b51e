#include "base/temp_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace crossval {

Result<TempFolder> TempFolder::make() {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  std::string path = (parent / "crossval-XXXXXX").string();
  if (error || mkdtemp(path.data()) == nullptr) {
    return fail(ExitCode::cannot_write,
                "no temporary folder can be made: " +
                    (error ? error.message() : std::string(std::strerror(errno))),
                path, "Set TMPDIR to a folder that can be written.");
  }
  return TempFolder(std::move(path));
}

TempFolder::TempFolder(TempFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempFolder::~TempFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace crossval
