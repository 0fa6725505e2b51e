// Writes small GGUF files into memory, for tests that need a file with one thing different.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/file.h"

namespace crossval {

class GgufWriter {
 public:
  void add_string(std::string_view key, std::string_view value) {
    begin(key, GgufType::string);
    put_string(value);
  }
  void add_u32(std::string_view key, uint32_t value) {
    begin(key, GgufType::u32);
    put(value);
  }
  void add_bool(std::string_view key, bool value) {
    begin(key, GgufType::boolean);
    put(static_cast<uint8_t>(value));
  }
  void add_strings(std::string_view key, const std::vector<std::string_view>& values) {
    begin_array(key, GgufType::string, values.size());
    for (const std::string_view value : values) put_string(value);
  }
  /// `element` with `bytes` of count elements as the file stores them.
  void add_numbers(std::string_view key, GgufType element, uint64_t count,
                   std::span<const std::byte> bytes) {
    begin_array(key, element, count);
    body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  /// The file: version 3, no tensors.
  std::string file() const {
    std::string out = "GGUF";
    const auto append = [&out](auto value) {
      out.append(reinterpret_cast<const char*>(&value), sizeof(value));
    };
    append(uint32_t{3});
    append(uint64_t{0});
    append(keys_);
    return out + body_;
  }

 private:
  template <class T>
  void put(T value) {
    body_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void put_string(std::string_view value) {
    put(static_cast<uint64_t>(value.size()));
    body_ += value;
  }
  void begin(std::string_view key, GgufType type) {
    ++keys_;
    put_string(key);
    put(static_cast<uint32_t>(type));
  }
  void begin_array(std::string_view key, GgufType element, uint64_t count) {
    begin(key, GgufType::array);
    put(static_cast<uint32_t>(element));
    put(count);
  }

  uint64_t keys_ = 0;
  std::string body_;
};

}  // namespace crossval
