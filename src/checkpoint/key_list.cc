#include "checkpoint/key_list.h"

#include <algorithm>
#include <utility>

namespace crossval {

void KeyList::add(std::string name, GgufType type, GgufValue value) {
  if (has(name)) return;
  keys_.push_back({memory_.keep(std::move(name)), type, std::move(value)});
}

void KeyList::add_integer(std::string name, uint64_t value) {
  add(std::move(name), GgufType::u32, value);
}

void KeyList::add_real(std::string name, double value) {
  add(std::move(name), GgufType::f32, static_cast<double>(static_cast<float>(value)));
}

void KeyList::add_flag(std::string name, bool value) {
  add(std::move(name), GgufType::boolean, value);
}

void KeyList::add_text(std::string name, std::string value) {
  add(std::move(name), GgufType::string, memory_.keep(std::move(value)));
}

void KeyList::add_texts(std::string name, std::vector<std::string> values) {
  GgufArray array;
  array.element = GgufType::string;
  array.count = values.size();
  array.strings.reserve(values.size());
  for (std::string& value : values) array.strings.push_back(memory_.keep(std::move(value)));
  add(std::move(name), GgufType::array, std::move(array));
}

void KeyList::add_numbers(std::string name, GgufType element, std::span<const std::byte> bytes) {
  GgufArray array;
  array.element = element;
  array.count = bytes.size() / gguf_element_bytes(element);
  array.numbers = memory_.bytes.emplace_back(bytes.begin(), bytes.end()).data();
  add(std::move(name), GgufType::array, std::move(array));
}

void KeyList::add_i32s(std::string name, std::span<const int32_t> values) {
  add_numbers(std::move(name), GgufType::i32, std::as_bytes(values));
}

void KeyList::add_flags(std::string name, std::span<const uint8_t> values) {
  add_numbers(std::move(name), GgufType::boolean, std::as_bytes(values));
}

void KeyList::add_f32s(std::string name, std::span<const float> values) {
  add_numbers(std::move(name), GgufType::f32, std::as_bytes(values));
}

bool KeyList::has(std::string_view name) const {
  return std::ranges::find(keys_, name, &GgufKey::name) != keys_.end();
}

}  // namespace crossval
