// Writes GGUF v3 model files, as a stream: keys and the list of tensors first, then the tensors'
// bytes in the order of the list. Nothing larger than one write is held in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/partial_file.h"
#include "gguf/file.h"

namespace crossval {

class GgufWriter {
 public:
  /// The file appears under `path` when finish() succeeds (base/partial_file.h).
  explicit GgufWriter(std::string path) : path_(std::move(path)) {}

  /// A key; the value's alternative must be the one that GgufFile reads for `type`.
  void add_key(std::string_view name, GgufType type, const GgufValue& value);
  void add_string(std::string_view name, std::string_view value);
  void add_u32(std::string_view name, uint32_t value);
  void add_f32(std::string_view name, float value);
  void add_bool(std::string_view name, bool value);
  void add_strings(std::string_view name, std::span<const std::string> values);
  void add_i32s(std::string_view name, std::span<const int32_t> values);

  /// Announces a tensor of `bytes` bytes; ne[0] is the row width.
  void add_tensor(std::string_view name, uint32_t type_id, std::span<const int64_t> ne,
                  uint64_t bytes);

  /// What start() writes for everything that was added so far.
  std::string header() const;

  /// Writes everything that was added; afterwards only write() and finish() may follow.
  /// Errors (cannot_write), as for the other two: those of PartialFile.
  Result<void> start();
  /// The next bytes of the tensor under way, any number of them up to its end.
  Result<void> write(std::span<const std::byte> bytes);
  /// Moves the complete file into place. Errors also when bytes are missing (internal).
  Result<void> finish();

 private:
  void put_key(std::string_view name, GgufType type);

  std::string path_;
  std::string keys_;     // as in the file
  std::string tensors_;  // as in the file
  uint64_t key_count_ = 0;
  std::vector<uint64_t> sizes_;        // of the tensors
  uint64_t data_size_ = 0;             // of all tensors with padding
  size_t current_ = 0;                 // tensor under way
  uint64_t written_ = 0;               // bytes of it
  std::unique_ptr<PartialFile> file_;  // from start() on
};

}  // namespace crossval
