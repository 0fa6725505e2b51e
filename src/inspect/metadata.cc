#include "inspect/metadata.h"

#include <algorithm>
#include <bit>

namespace crossval {
namespace {

bool is_real(GgufType type) { return type == GgufType::f32 || type == GgufType::f64; }

MetadataScalar element_of(const GgufArray& array, uint64_t i) {
  if (array.element == GgufType::string) return std::string(array.strings[static_cast<size_t>(i)]);
  if (array.element == GgufType::boolean) return array.integer(i) != 0;
  if (is_real(array.element)) return array.number(i);
  return array.integer(i);
}

struct ToScalar {
  MetadataScalar operator()(std::string_view text) const { return std::string(text); }
  MetadataScalar operator()(const GgufArray& /*array*/) const { return uint64_t{0}; }
  template <class T>
  MetadataScalar operator()(T value) const {
    return value;
  }
};

bool same_array(const GgufArray& a, const GgufArray& b) {
  if (a.element != b.element || a.count != b.count) return false;
  if (a.element == GgufType::string) return a.strings == b.strings;
  for (uint64_t i = 0; i < a.count; ++i) {
    const bool same = is_real(a.element) ? std::bit_cast<uint64_t>(a.number(i)) ==
                                               std::bit_cast<uint64_t>(b.number(i))
                                         : a.integer(i) == b.integer(i);
    if (!same) return false;
  }
  return true;
}

}  // namespace

MetadataEntry metadata_entry(const GgufKey& key, uint64_t shown) {
  MetadataEntry entry;
  entry.key = std::string(key.name);
  if (const auto* array = std::get_if<GgufArray>(&key.value)) {
    entry.array = true;
    entry.type = gguf_type_name(array->element);
    entry.count = array->count;
    for (uint64_t i = 0; i < std::min(array->count, shown); ++i)
      entry.values.push_back(element_of(*array, i));
  } else {
    entry.type = gguf_type_name(key.type);
    entry.values.push_back(std::visit(ToScalar{}, key.value));
  }
  return entry;
}

bool same_value(const GgufKey& a, const GgufKey& b) {
  if (a.type != b.type) return false;
  if (const auto* array = std::get_if<GgufArray>(&a.value))
    return same_array(*array, std::get<GgufArray>(b.value));
  if (const auto* real = std::get_if<double>(&a.value))
    return std::bit_cast<uint64_t>(*real) == std::bit_cast<uint64_t>(std::get<double>(b.value));
  return std::visit(ToScalar{}, a.value) == std::visit(ToScalar{}, b.value);
}

}  // namespace crossval
