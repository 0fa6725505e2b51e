// Puts a payload together and takes one apart, every length checked before it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "protocol/frame.h"

namespace crossval::protocol {

template <class T>
Bytes bytes_of(std::span<const T> values) {
  return std::as_bytes(values);
}
inline Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

class PayloadWriter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  PayloadWriter& put(T value) {
    return put(bytes_of(std::span<const T>(&value, 1)));
  }
  PayloadWriter& put(Bytes bytes) {
    const size_t at = bytes_.size();
    bytes_.resize(at + bytes.size());
    if (!bytes.empty()) std::memcpy(bytes_.data() + at, bytes.data(), bytes.size());
    return *this;
  }
  PayloadWriter& put(std::string_view text) { return put(bytes_of(text)); }
  /// Its length, then its bytes.
  PayloadWriter& put_text(std::string_view text) {
    return put(static_cast<uint32_t>(text.size())).put(text);
  }
  Bytes bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// Every get returns false, and leaves its argument alone, when the payload is too short for it.
class PayloadReader {
 public:
  explicit PayloadReader(Bytes payload) : rest_(payload) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  bool get(T& value) {
    if (rest_.size() < sizeof value) return false;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.subspan(sizeof value);
    return true;
  }

  bool get_text(uint32_t length, std::string& text) {
    if (rest_.size() < length) return false;
    text.assign(reinterpret_cast<const char*>(rest_.data()), length);
    rest_ = rest_.subspan(length);
    return true;
  }

  /// As put_text wrote it.
  bool get_text(std::string& text) {
    uint32_t length = 0;
    PayloadReader after = *this;
    if (!after.get(length) || !after.get_text(length, text)) return false;
    *this = after;
    return true;
  }

  /// All that is left, which must be exactly `count` values.
  template <class T>
    requires std::is_arithmetic_v<T>
  bool get_rest(uint64_t count, std::vector<T>& values) {
    if (rest_.size() % sizeof(T) != 0 || rest_.size() / sizeof(T) != count) return false;
    values.resize(count);
    if (count > 0) std::memcpy(values.data(), rest_.data(), rest_.size());
    rest_ = {};
    return true;
  }

  std::string_view rest_text() const {
    return {reinterpret_cast<const char*>(rest_.data()), rest_.size()};
  }
  size_t left() const { return rest_.size(); }

 private:
  Bytes rest_;
};

}  // namespace crossval::protocol
