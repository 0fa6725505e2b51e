// What a file holds, as one number: its size and SHA-256.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/error.h"

namespace crossval {

struct FileDigest {
  uint64_t bytes = 0;
  std::string sha256;  // 64 hexadecimal digits
  bool operator==(const FileDigest&) const = default;
};

/// Reads the file once, a megabyte at a time; the result is kept below `cache_folder` under device,
/// inode, size, time of modification and time of change, and taken from there as long as these are
/// the same. Of a file that has just changed, or did while it was read, nothing is kept. A cache
/// that cannot be read or written is done without. Errors: bad_input_file; interrupted (`stop`).
Result<FileDigest> file_digest(const std::string& path, const std::string& cache_folder,
                               const std::stop_token& stop);

}  // namespace crossval
