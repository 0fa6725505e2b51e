#include "launch/reference/support_files.h"

#include <filesystem>

namespace crossval {

std::string support_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto installed = program.parent_path().parent_path() / "share" / "crossval";
  if (!error && std::filesystem::exists(installed / "scripts" / "reference.sh", error)) {
    return installed.string();
  }
  return CROSSVAL_SOURCE_DIR;
}

}  // namespace crossval
