// The metadata keys of a model file that is made in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/file.h"

namespace crossval {

/// What keys and tensors of an assembled file look into.
struct CheckpointMemory {
  std::deque<std::string> texts;
  std::deque<std::vector<std::byte>> bytes;

  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
};

/// Keys in the order in which they were added; of two with one name the first counts.
class KeyList {
 public:
  explicit KeyList(CheckpointMemory& memory) : memory_(memory) {}

  void add_integer(std::string name, uint64_t value);  // as u32
  void add_real(std::string name, double value);       // as f32
  void add_flag(std::string name, bool value);
  void add_text(std::string name, std::string value);
  void add_texts(std::string name, std::vector<std::string> values);
  void add_i32s(std::string name, std::span<const int32_t> values);
  void add_flags(std::string name, std::span<const uint8_t> values);  // 0 or 1 each
  void add_f32s(std::string name, std::span<const float> values);

  bool has(std::string_view name) const;
  const std::vector<GgufKey>& keys() const { return keys_; }
  std::vector<GgufKey> take() { return std::move(keys_); }

 private:
  void add(std::string name, GgufType type, GgufValue value);
  void add_numbers(std::string name, GgufType element, std::span<const std::byte> bytes);

  CheckpointMemory& memory_;
  std::vector<GgufKey> keys_;
};

}  // namespace crossval
