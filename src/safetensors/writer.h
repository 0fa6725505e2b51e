// Writes tensors of known shapes in the safetensors format
// (https://huggingface.co/docs/safetensors): eight bytes with the length of a JSON header, the
// header, the values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/partial_file.h"

namespace crossval {

struct SafetensorsEntry {
  std::string name;
  int64_t rows = 0, columns = 0;
  bool wide = false;  // F64, else F32
};

/// A file appears under its name when it is finished. Values may come in any order; what never
/// came is zero.
class SafetensorsWriter {
 public:
  /// Entry i has the number i; names are different from each other. Errors: cannot_write.
  static Result<std::unique_ptr<SafetensorsWriter>> create(
      const std::string& path, std::vector<SafetensorsEntry> entries,
      const std::map<std::string, std::string>& metadata);

  /// Whole rows of an entry from `first_row` on, of its type. Errors: cannot_write.
  Result<void> write(size_t entry, int64_t first_row, std::span<const float> rows);
  Result<void> write(size_t entry, int64_t first_row, std::span<const double> rows);

  /// Errors: cannot_write.
  Result<void> finish() { return file_->finish(); }

 private:
  SafetensorsWriter(std::unique_ptr<PartialFile> file, std::vector<SafetensorsEntry> entries)
      : file_(std::move(file)), entries_(std::move(entries)) {}

  Result<void> write_bytes(size_t entry, int64_t first_row, std::string_view bytes);

  std::unique_ptr<PartialFile> file_;
  std::vector<SafetensorsEntry> entries_;
  std::vector<int64_t> offsets_;  // of the entries, and behind them the file's end
};

}  // namespace crossval
