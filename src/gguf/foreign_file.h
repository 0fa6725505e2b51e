// What a file is that is not the one that was meant: a web page in the place of a download, a
// pointer, another program's format. By its first bytes, for messages only.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace crossval {

struct ForeignFile {
  std::string name;    // "a Git LFS pointer"
  std::string advice;  // what to do
};

/// Nothing when the bytes, the whole file's, say nothing.
std::optional<ForeignFile> foreign_file(std::span<const std::byte> bytes);

/// "The name says that this is a piece of a cut file: …", where `path` is named so; or empty.
std::string piece_advice(const std::string& path);

}  // namespace crossval
