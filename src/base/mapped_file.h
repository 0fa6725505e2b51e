// A file mapped read-only into memory. Owns the mapping; spans into it live as long as it does.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/error.h"

namespace crossval {

class MappedFile {
 public:
  /// Errors: missing, unreadable, not a regular file, empty (ExitCode::bad_input_file).
  static Result<MappedFile> open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

  // Hints about a range of bytes(); they change no byte and have no errors.
  /// It is read next: the kernel may fetch it ahead.
  void will_read(std::span<const std::byte> range) const;
  /// It is not needed again soon: the memory of its pages is given back. Reading it again is
  /// allowed and fetches it from the file.
  void release(std::span<const std::byte> range) const;

 private:
  MappedFile(std::string path, const std::byte* data, std::size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}

  std::string path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace crossval
