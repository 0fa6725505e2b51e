// A file that appears under its name only when it is complete.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval {

/// Written as PATH.partial; publish() renames it. Destroyed before that, it is removed. Every error
/// is cannot_write with the path and the system's reason.
class PartialFile {
 public:
  /// A symbolic link stays one: what it points at is written. Errors also when there is something
  /// at `path` that is no file (a folder, device or pipe), which renaming would destroy.
  static Result<std::unique_ptr<PartialFile>> create(const std::string& path);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  Result<void> append(std::string_view bytes);
  /// Puts bytes at an offset, also in front of or behind what was written; what lies between is
  /// zero. Nothing is appended afterwards.
  Result<void> write_at(int64_t offset, std::string_view bytes);
  /// Everything reaches the disk's file; nothing can be written afterwards.
  Result<void> close();
  /// After close().
  Result<void> publish();
  /// Both, for a file that appears alone.
  Result<void> finish();

 private:
  PartialFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  std::string partial() const { return path_ + ".partial"; }
  tl::unexpected<Error> error(const char* what) const;

  std::string path_;
  std::FILE* file_;  // null when closed
  bool published_ = false;
};

/// In the place of what is at `to`. Errors: cannot_write, with `to`.
Result<void> rename_file(const std::string& from, const std::string& to);

/// A file of these bytes, which appears when it is complete. Errors: PartialFile's.
Result<void> write_file(const std::string& path, std::string_view bytes);

}  // namespace crossval
