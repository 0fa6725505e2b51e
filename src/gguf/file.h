// Reads GGUF model files (v2, v3, split files), memory-mapped and fail-closed: every count, length,
// offset, alignment and product is checked before anything is allocated or touched.
//
// Format: docs/gguf.md. All values are little-endian; dims are stored fastest first (ne[0] = row
// width).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace crossval {

enum class GgufType : uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

/// "u8", "f32", "string", as tools name them.
std::string_view gguf_type_name(GgufType type);

/// Bytes of one element; 0 for strings and arrays, which have no fixed size.
uint64_t gguf_element_bytes(GgufType type);

/// An array value; numbers stay in the mapping, strings are views into it.
struct GgufArray {
  GgufType element = GgufType::u8;
  uint64_t count = 0;
  const std::byte* numbers = nullptr;     // count elements, unaligned; null for strings
  std::vector<std::string_view> strings;  // for GgufType::string

  /// Whether the elements are integers or bools.
  bool integral() const;
  /// Element i as a number (any numeric element type, bool as 0/1). i < count, not for strings.
  double number(uint64_t i) const;
  /// Only where they are integral(); a u64 beyond 2^63 - 1 becomes that.
  int64_t integer(uint64_t i) const;
};

using GgufValue = std::variant<uint64_t, int64_t, double, bool, std::string_view, GgufArray>;

struct GgufKey {
  std::string_view name;
  GgufType type;    // as stored
  GgufValue value;  // integers widened, floats widened
};

/// A tensor as the file lists it. `data` lies in the mapping of the part that holds it.
struct GgufTensor {
  std::string_view name;
  uint32_t type_id = 0;  // find_weight_format(type_id) may be null: known size only if not
  int dims = 0;          // 1…4
  std::array<int64_t, 4> ne{1, 1, 1, 1};
  uint64_t offset = 0;  // absolute, in its part
  int part = 0;         // which file of a split model
  /// ne product in the type's layout. For types we do not know (only forks write them): everything
  /// up to the next tensor or the end of the file, at most.
  std::span<const std::byte> data;

  int64_t elements() const { return ne[0] * ne[1] * ne[2] * ne[3]; }
};

/// One file of a model.
struct GgufPartInfo {
  std::string path;
  uint64_t size = 0;        // bytes
  uint64_t data_start = 0;  // where the first tensor's bytes may begin; size without tensors
};

/// The first part of a split model, given any by its usual name ("…-00002-of-00003.gguf"), where
/// that file exists; every other path as it is.
std::string first_part_path(const std::string& path);

/// Copies share the mapping and what was parsed of it; nothing of it changes.
class GgufFile {
 public:
  /// Opens a file, or a whole split model given any of its parts ("…-00001-of-00003.gguf").
  /// Errors (bad_input_file) name file, byte offset, and key or tensor.
  static Result<GgufFile> open(const std::string& path);

  /// Parses one part that lies in memory (for tests and fuzzing); `bytes` must outlive the result.
  static Result<GgufFile> parse(std::span<const std::byte> bytes, const std::string& path);

  const std::string& path() const;
  uint32_t version() const;
  uint64_t alignment() const;
  uint64_t size() const;  // bytes of all parts
  std::span<const GgufPartInfo> parts() const;

  // Hints about bytes of a tensor (base/mapped_file.h); nothing happens without a mapping.
  void will_read(const GgufTensor& tensor, std::span<const std::byte> range) const;
  void release(const GgufTensor& tensor, std::span<const std::byte> range) const;

  /// Calls visit with one part of `range`, bytes of a tensor, after the other: `step` bytes, the
  /// last one fewer. The next is fetched ahead, and the memory of those that are done given back.
  void stream(const GgufTensor& tensor, std::span<const std::byte> range, size_t step,
              const std::function<void(std::span<const std::byte>)>& visit) const;

  std::span<const GgufKey> keys() const;
  std::span<const GgufTensor> tensors() const;
  const GgufKey* find_key(std::string_view name) const;
  const GgufTensor* find_tensor(std::string_view name) const;

  // Typed look-ups. `get_…` errors when the key is missing or has another kind; `…_or` returns the
  // fallback when it is missing and errors on another kind.
  Result<int64_t> get_int(std::string_view key) const;
  Result<int64_t> int_or(std::string_view key, int64_t fallback) const;
  Result<double> get_float(std::string_view key) const;
  Result<double> float_or(std::string_view key, double fallback) const;
  Result<bool> bool_or(std::string_view key, bool fallback) const;
  Result<std::string_view> get_string(std::string_view key) const;
  Result<std::string_view> string_or(std::string_view key, std::string_view fallback) const;
  Result<const GgufArray*> get_array(std::string_view key) const;  // never null on success

 private:
  struct Rep;
  explicit GgufFile(std::shared_ptr<Rep> rep);
  std::shared_ptr<Rep> rep_;
};

}  // namespace crossval
