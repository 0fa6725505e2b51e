// A bounds-checked reader over bytes that came from outside. After the first failure every read
// returns zero and failed() stays true, so a caller may read a group of fields and check once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace crossval {

class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint64_t offset() const { return offset_; }
  uint64_t remaining() const { return bytes_.size() - offset_; }
  bool failed() const { return failed_; }

  template <class T>
  T read() {
    T value{};
    if (const std::byte* at = take(sizeof(T))) std::memcpy(&value, at, sizeof(T));
    return value;
  }

  /// A string stored as u64 length and bytes; a view into the input.
  std::string_view read_string() {
    const auto length = read<uint64_t>();
    const std::byte* at = take(length);
    return at == nullptr ? std::string_view{}
                         : std::string_view(reinterpret_cast<const char*>(at), length);
  }

  /// The next n bytes, or nullptr when there are fewer.
  const std::byte* take(uint64_t n) {
    if (failed_ || n > remaining()) {
      failed_ = true;
      return nullptr;
    }
    const std::byte* at = bytes_.data() + offset_;
    offset_ += n;
    return at;
  }

 private:
  std::span<const std::byte> bytes_;
  uint64_t offset_ = 0;
  bool failed_ = false;
};

}  // namespace crossval
