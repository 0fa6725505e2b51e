// A folder of its own for files that are needed for a moment.
#pragma once

#include <string>

#include "base/error.h"

namespace crossval {

class TempFolder {
 public:
  /// Below the system's folder for such files (TMPDIR). Errors (cannot_write).
  static Result<TempFolder> make();
  TempFolder(TempFolder&& other) noexcept;
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  TempFolder& operator=(TempFolder&&) = delete;
  /// Removes it with all that is in it.
  ~TempFolder();

  const std::string& path() const { return path_; }

 private:
  explicit TempFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace crossval
